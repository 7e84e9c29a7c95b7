"""Sites with the settings that the matrix needs, and the owner of the credentials under test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import factories
from tests.factories import PASSWORD
from webapp.accounts.models import User
from webapp.app import close
from webapp.core.db import Database
from webapp.testing import JSON, HeaderClient, as_nobody, as_user, build
from webapp.web.registry import services_of

REPORTS = "https://reports.example.org"
SETTINGS = {
    "WEBAPP_BASE_URL": "http://localhost",
    "WEBAPP_TOKEN_LOCATIONS": "header,cookie",
    "WEBAPP_EXCHANGE_AUDIENCES": REPORTS,
    "WEBAPP_TRUST_BROWSERS": "true",
    "WEBAPP_SMTP_URL": "smtp://127.0.0.1:9",
}
NUMBERS = count(1)

Works = Callable[[], bool]


@dataclass
class Site:
    app: Flask
    instance: Path
    admin: HeaderClient | None
    """A super admin at a browser; None where nobody looks after others yet."""


@contextmanager
def site(instance: Path, *, has_admin: bool = True) -> Iterator[Site]:
    app = build(instance, **SETTINGS)
    yield Site(app, instance, browser(as_user(app, "root", role="super_admin")) if has_admin else None)
    close(app)


def browser(caller: HeaderClient) -> HeaderClient:
    """One that asks for JSON, from a network of its own."""
    number = next(NUMBERS)
    caller.sends, caller.sends_csrf = JSON, True
    caller.environ_base = caller.environ_base | {"REMOTE_ADDR": f"10.{number // 250}.{number % 250}.7"}
    return caller


@dataclass
class Owner:
    """Whoever has the way in; ``browser`` is where they are logged in all along."""

    site: Site
    user: User
    browser: HeaderClient
    password: str = PASSWORD
    logs_out: Callable[[], object] | None = None
    """How the way in itself is logged out, where it can be."""

    @property
    def app(self) -> Flask:
        return self.site.app

    def write(self, change: Callable[[Session, User], Any]) -> Any:
        """Change something in the database; the answer of ``change``, or None where the account is deleted."""
        with services_of(self.app).get(Database).write() as db:
            user = db.get(User, self.user.id)
            return change(db, user) if user is not None else None

    def other_browser(self) -> HeaderClient:
        return browser(as_nobody(self.app))

    def log_in(self, caller: HeaderClient, **fields: Any) -> TestResponse:
        said = {"username": self.user.username, "password": self.password}
        return caller.post("/login", json=said | fields)

    def is_in(self, caller: HeaderClient) -> bool:
        return caller.get("/protected").status_code == 200

    def with_session(self) -> HeaderClient:
        return browser(as_user(self.app, self.user.username))


def owner(found: Site, *, role: str = "user") -> Owner:
    user = factories.user(found.app, f"owner{next(NUMBERS)}", role=role)
    return Owner(found, user, browser(as_user(found.app, user.username, role=role)))
