"""Test kit for plug-ins: an application, a logged-in user, a script with a token, a clock.

It does not need pytest. Production code must not import it.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import time_machine
from argon2 import PasswordHasher
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.accounts.registration import NewUser, add
from webapp.app import close, create_app
from webapp.cli import plugin_tables, schema
from webapp.cli.context import CommandContext
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard.token_grant import TokenGrant
from webapp.sessions.cookie import SECRET
from webapp.sessions.lifecycle import Browser, SessionLifetimes, start
from webapp.settings import Settings
from webapp.tokens.issuing import IssuedToken, TokenIssuer, TokenRequest
from webapp.web.csrf import is_change
from webapp.web.registry import services_of

PASSWORD = "umbrella otter lantern"
# Real argon2id with minimal cost, because a test suite logs in hundreds of times.
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
HASHED = QUICK.hash(PASSWORD)
HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}
JSON = {"Accept": "application/json"}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

numbers = count(1)


@contextmanager
def app(*blueprints: Blueprint, **settings: str) -> Iterator[Flask]:
    """An application with a new database in a temporary folder, removed at the end of the block.

    Args:
        blueprints: of your own, as in ``create_app``.
        settings: as in the environment, such as ``WEBAPP_REGISTRATION="open"``.

    Raises:
        SettingsError: a setting is unknown or invalid.
    """
    with tempfile.TemporaryDirectory() as folder:
        instance = Path(folder) / "instance"
        app_settings = CommandContext({"WEBAPP_INSTANCE": str(instance)} | settings).settings
        schema.upgrade(app_settings)
        plugin_tables.upgrade(app_settings, [*plugin_tables.plugins(app_settings), *blueprints])
        site = build(instance, *blueprints, **settings)
        yield site
        close(site)


house = app
"""The former name."""


def build(instance: Path, *blueprints: Blueprint, **settings: str) -> Flask:
    """An application for an existing instance folder; passwords are hashed fast and refused without delay."""
    app_settings = Settings.from_env({"WEBAPP_INSTANCE": str(instance)} | settings)
    schema.set_up_keys(app_settings)
    return quickened(create_app(app_settings, blueprints=blueprints))


class SiteClient(FlaskClient):
    """A test client that opens paths at the base URL of the site: elsewhere, pages are redirected there."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if args and isinstance(args[0], str) and args[0].startswith("/"):
            kwargs.setdefault("base_url", self.application.config["BASE_URL"])
        return super().open(*args, **kwargs)


def quickened(app: Flask) -> Flask:
    app.test_client_class = SiteClient
    passwords = services_of(app).get(Passwords)
    passwords.use_hasher(QUICK)
    passwords.response_interval = timedelta()
    return app


def user(app: Flask, name: str | None = None, *, role: str = "user", email: str | None = None) -> User:
    """Create a user with the password ``PASSWORD``."""
    name = name or f"person{next(numbers)}"
    with database_of(app).write() as db:
        new = NewUser(
            username=name, email=email or f"{name}@example.org", password_hash=HASHED, role=role, is_verified=True
        )
        return add(db, new, origin="test")


def user_named(app: Flask, name: str, role: str | None = None) -> User:
    """The user with this name, created if there is none."""
    with database_of(app).read() as db:
        found = user_queries.by_name_or_email(db, name)
    if found is not None and role not in (None, found.role):
        raise ValueError(f"{name} is there already, with the role {found.role}")
    return found or user(app, name, role=role or "user")


def api_token(
    app: Flask,
    owner: User,
    *scopes: str,
    name: str | None = None,
    lifetime: timedelta = timedelta(days=7),
    once: str | None = None,
    grant: TokenGrant | None = None,
    authority: TokenGrant | None = None,
) -> IssuedToken:
    """A new API token of a user. ``authority`` is the former name of ``grant``."""
    issuer = services_of(app).get(TokenIssuer)
    token_request = TokenRequest(
        name=name or f"script {next(numbers)}",
        grant=grant
        or authority
        or TokenGrant(scopes=frozenset(scopes or ("profile:read", "protected:read", "tokens:read"))),
        lifetime=lifetime,
        origin="page",
        once=once,
    )
    with database_of(app).write() as db:
        return issuer.issue(db, owner.id, token_request, AuthenticationProof(now(), "pwd"))


class HeaderClient(FlaskClient):
    """A test client with default headers, which a call may override."""

    sends: Mapping[str, str] = HTML
    sends_csrf = False

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        headers = Headers(kwargs.pop("headers", None))
        for name, value in self.sends.items():
            headers.setdefault(name, value)
        if self.sends_csrf and is_change(kwargs.get("method", "GET")) and "X-CSRF-Token" not in headers:
            # As a page gives it to its scripts.
            page: Any = super().open("/login", headers=JSON, base_url=self.base_url).json
            headers["X-CSRF-Token"] = page["csrf_token"]
        return super().open(*args, headers=headers, **({"base_url": self.base_url} | kwargs))

    @property
    def base_url(self) -> str:
        found: str = self.application.config["BASE_URL"]
        return found


def as_user(app: Flask, name: str = "ada", *, role: str | None = None, amr: str = "pwd") -> HeaderClient:
    """A browser with a new session of a user, who is created if needed.

    Changes send the CSRF token; ``headers={"X-CSRF-Token": ""}`` sends a change without.
    """
    found = user_named(app, name, role)
    with database_of(app).write() as db:
        started = start(db, found.id, Browser("webapp.testing", None), services_of(app).get(SessionLifetimes), amr=amr)
    client = HeaderClient(app, app.response_class)
    with client.session_transaction(base_url=client.base_url) as session:
        session[SECRET] = started.secret
    client.sends_csrf = True
    return client


def with_token(
    app: Flask, *, scopes: Sequence[str] = ("resources:read",), of: str = "ada", role: str | None = None
) -> HeaderClient:
    """A script with a new token of a user, who is created if needed. It stores no cookies."""
    issued = api_token(app, user_named(app, of, role), *scopes)
    client = HeaderClient(app, app.response_class, use_cookies=False)
    client.sends = {"Accept": "*/*", "Authorization": f"Bearer {issued.token}"}
    return client


def as_nobody(app: Flask) -> HeaderClient:
    """A browser that is not logged in."""
    return HeaderClient(app, app.response_class)


def clock(start_at: datetime = NOON) -> AbstractContextManager[time_machine.Traveller]:
    """Time stands still at ``start_at`` until ``shift`` or ``move_to`` moves it."""
    return time_machine.travel(start_at, tick=False)


def database_of(app: Flask) -> Database:
    return services_of(app).get(Database)
