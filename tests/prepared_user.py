"""Ada, with whom most tests begin: made, and logged in, once for each site and each moment that they begin with.

A test gets a copy of what that has left in the database and in her browser. Where anything was written before she
comes, she comes as everybody does.
"""

import logging
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy.orm import make_transient_to_detached
from werkzeug.test import TestResponse

from tests import factories, fixed_date
from tests.browser import Person
from tests.database_file import FILE, file_of
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.settings import Settings
from webapp.testing import quickened
from webapp.web.registry import services_of

T = TypeVar("T")

# Where the time goes on, a copy is of no longer ago.
SECONDS = 20
MOST = 40


@dataclass(frozen=True, slots=True)
class PreparedState:
    database: bytes
    left: Any
    """Her row; or the cookies of her browser, and its page."""


class PreparedUser:
    def __init__(self, folder: Path) -> None:
        """
        Args:
            folder: an instance as the first start makes it.
        """
        self._folder = folder
        self._empty = (folder / FILE).read_bytes()
        self._known: dict[Hashable, PreparedState] = {}
        self._latest: tuple[Hashable, PreparedState] | None = None

    def make(self, app: Flask) -> User:
        if not holds(app, self._empty):
            return factories.user(app, "ada")
        made = self._made(app)
        file_of(app).replace(made.database)
        return user_of(made)

    def log_in(self, person: Person) -> None:
        app = person.app
        if not holds(app, self._made(app).database):
            person.log_in("ada")
            return
        found = self._once(app, self._made(app).database, come(person), person.ip_address, person.user_agent)
        file_of(app).replace(found.database)
        cookies, person.page = found.left
        person.client._cookies = dict(cookies)

    def token(self, app: Flask, user: User) -> str:
        """A token of hers that only reads."""
        if not holds(app, self._made(app).database):
            return factories.api_token(app, user).token
        return self.prepare(app, token_of)

    def prepare(self, app: Flask, begin: Callable[[Flask, User], T]) -> T:
        """The same database as after ``begin`` on a site where Ada is all that there is; done once for many tests.

        Returns:
            what ``begin`` has answered, which the tests share: they copy what they change.
        """
        made = self._made(app)
        found = self._once(app, made.database, lambda site: begin(site, user_of(made)), begin)
        file_of(app).replace(found.database)
        answer: T = found.left
        return answer

    def _made(self, app: Flask) -> PreparedState:
        """The same Ada throughout a test, although the time goes on."""
        site = services_of(app).get(Settings).instance, others(app)
        if self._latest is None or self._latest[0] != site:
            self._latest = site, self._once(app, self._empty, lambda site: vars_of(factories.user(site, "ada")))
        return self._latest[1]

    def _once(self, app: Flask, before: bytes, begin: Callable[[Flask], Any], *by: Hashable) -> PreparedState:
        """
        Args:
            before: the database in which it begins.
            begin: answers with what is left outside of the database.
            by: with what it does that.
        """
        key = moment(), before, by, others(app)
        if (found := self._known.get(key)) is None:
            settings = replace(services_of(app).get(Settings), instance=self._folder)
            with elsewhere(settings, before) as site:
                left = begin(site)
            found = self._known[key] = PreparedState((self._folder / FILE).read_bytes(), left)
            if len(self._known) > MOST:
                del self._known[next(iter(self._known))]
        return found


def others(app: Flask) -> tuple[Hashable, ...]:
    """All settings but the folder."""
    settings = services_of(app).get(Settings)
    return tuple(getattr(settings, field.name) for field in fields(settings) if field.name != "instance")


@contextmanager
def elsewhere(settings: Settings, database: bytes) -> Iterator[Flask]:
    """Another site on such a database, which leaves the log to the one that is there."""
    ours = logging.getLogger("webapp")
    handlers = ours.handlers
    (settings.instance / FILE).write_bytes(database)
    site = quickened(create_app(settings))
    ours.handlers = handlers
    yield site
    close(site)


def user_of(made: PreparedState) -> User:
    user = User(**made.left)
    make_transient_to_detached(user)
    return user


def moved(person: Person, app: Flask) -> Person:
    """Her browser as it is, before another site on the same database."""
    same = replace(person, app=app)
    same.client._cookies, same.page = dict(person.client._cookies), person.page
    return same


def come(person: Person) -> Callable[[Flask], tuple[dict[Any, Any], TestResponse]]:
    def log_in(site: Flask) -> tuple[dict[Any, Any], TestResponse]:
        same = replace(person, app=site)
        same.log_in("ada")
        page = same.page
        return same.client._cookies, page

    return log_in


def token_of(site: Flask, user: User) -> str:
    return factories.api_token(site, user).token


def vars_of(user: User) -> dict[str, Any]:
    return {column.key: getattr(user, column.key) for column in User.__mapper__.column_attrs}


def moment() -> float:
    """The very one where time stands still."""
    if fixed_date.stands_still():
        return time.time()
    # Where each test begins at one moment, what was made by another would be of the future.
    return time.monotonic() if fixed_date.CHOSEN else time.time() // SECONDS


def holds(app: Flask, database: bytes) -> bool:
    """Whether the database is that, and nothing was written since."""
    file = file_of(app)
    return not services_of(app).get(Settings).database_url and not file.is_written and file.current() == database
