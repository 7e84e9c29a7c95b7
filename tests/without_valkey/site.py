"""A site with a Valkey, and what its limits have counted where."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from flask import Flask
from sqlalchemy import select

from tests.accounts.registration_calls import SMTP
from tests.browser import Person
from tests.forward_auth.proxy import PROXY
from tests.mailbox import Mailbox
from tests.second_factors import NAMED, STEP
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.core.models import RateBucket
from webapp.core.ratelimit import Limiter
from webapp.core.ratelimit_storage import SqlStorage
from webapp.core.valkey_storage import PROBE, ValkeyStorage
from webapp.web.registry import services_of

SETTINGS = NAMED | SMTP | {"WEBAPP_REGISTRATION": "open", "WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "3"}
SETTINGS |= {"WEBAPP_TRUSTED_PROXIES": PROXY, "WEBAPP_DYNAMIC_REGISTRATION": "true"}
numbers = count(1)


@dataclass
class Site:
    """Ada has an account; nobody else does."""

    app: Flask
    ada: User
    mailbox: Mailbox = field(init=False)

    def __post_init__(self) -> None:
        self.mailbox = Mailbox(self.app)

    @property
    def valkey(self) -> ValkeyStorage:
        found = services_of(self.app).get(Limiter).valkey
        assert found is not None
        return found

    def anybody(self) -> Person:
        """A browser of a network of its own."""
        return Person(self.app, ip_address=f"198.51.100.{next(numbers)}")

    def logged_in(self) -> Person:
        """Ada's browser, logged in without a count."""
        person = self.anybody()
        person.log_in("ada")
        self.forget_login()
        return person

    def half_logged_in(self, person: Person | None = None) -> Person:
        """Ada's browser, whose password was right; also without a count."""
        person = person or self.anybody()
        person.log_in("ada")
        assert person.page.request.path == STEP
        self.forget_login()
        return person

    def forget_login(self) -> None:
        SqlStorage(services_of(self.app).get(Database)).forget("login-")

    def in_database(self) -> set[str]:
        """Names of the limits that are counted there."""
        with services_of(self.app).get(Database).read() as db:
            return {key.split("/")[0] for key in db.scalars(select(RateBucket.key))}

    def in_valkey(self) -> set[str]:
        def names(storage: Any) -> set[str]:
            keys = storage.get_connection().keys(storage.prefixed_key("*"))
            return {key.decode().split("/")[0].removeprefix(storage.prefixed_key("")) for key in keys}

        return self.valkey.run(names) - {PROBE}
