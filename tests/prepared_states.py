"""What many tests begin with, done once: the database is copied afterwards, for each test that begins from the same.

``PreparedUser`` does so for Ada. Here it is whatever a fixture does with a site, one after the other.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from flask import Flask

from tests import factories
from tests.database_file import file_of
from tests.prepared_user import PreparedState as Begun
from tests.prepared_user import moment, others, user_of, vars_of
from webapp.accounts.models import User
from webapp.testing import JSON, HeaderClient

T = TypeVar("T")

MOST = 20


class PreparedStates:
    def __init__(self) -> None:
        self._known: dict[Hashable, Begun] = {}

    def once(self, app: Flask, begin: Callable[[], T], *by: Hashable) -> T:
        """What ``begin`` answers, which tests share, and the database as it leaves it.

        Args:
            by: what it does. What it leaves in the memory of the site, a test cannot count on.
        """
        key = moment(), others(app), file_of(app).content(), by
        if (found := self._known.get(key)) is not None:
            file_of(app).replace(found.database)
            answer: T = found.left
            return answer
        left = begin()
        self._known[key] = Begun(file_of(app).content(), left)
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return left

    def user(self, app: Flask, name: str, role: str) -> User:
        left: dict[str, Any] = self.once(app, lambda: vars_of(factories.user(app, name, role=role)), "user", name, role)
        return user_of(Begun(b"", left))


def same_client(client: HeaderClient, app: Flask) -> HeaderClient:
    """With the same headers and cookies, before a site on a copy of the same database."""
    made = HeaderClient(app, app.response_class, use_cookies=client._cookies is not None)
    made.sends, made.sends_csrf = client.sends, client.sends_csrf
    if client._cookies is not None:
        made._cookies = dict(client._cookies)
    return made


def with_csrf_token(client: HeaderClient) -> HeaderClient:
    """Let a browser ask for the token of its forms now, instead of before each change."""
    token = client.get("/login", headers=JSON).get_json()["csrf_token"]
    client.sends = {**client.sends, "X-CSRF-Token": token}
    return client
