"""What tests of service accounts share: owners, service accounts, and sessions that send JSON."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask
from sqlalchemy import update

from tests import factories
from webapp.accounts import roles, service_accounts
from webapp.accounts.models import User
from webapp.accounts.service_rules import Owner
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.testing import HeaderClient, as_user, user_named
from webapp.web.registry import services_of

JSON = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin"}
REASON = {"reason": "a test of the table"}
OWN = "/account/service-accounts"
USERS = "/admin/users"


def session_of(name: str, *, is_stale: bool = False) -> Callable[[Flask, User], HeaderClient]:
    def caller(app: Flask, _service: User) -> HeaderClient:
        found = as_user(app, name)
        found.sends = JSON
        if is_stale:
            hour_ago = now() - timedelta(hours=1)
            with services_of(app).get(Database).write() as db:
                db.execute(update(Credential).where(Credential.kind == "session").values(auth_time=hour_ago))
        return found

    return caller


def add_owners(app: Flask) -> None:
    """Ada has nothing but `user`; Ops owns a service account by the role `ops`; Eve owns none."""
    with services_of(app).get(Database).write() as db:
        roles.add(db, "ops", "Operators.", ["user"])
        roles.add(db, "editor", "Edits.", ["user"])
    for name, role in {"ada": "user", "eve": "user", "ops": "ops", "ines": "admin", "mara": "super_admin"}.items():
        factories.user(app, name, role=role)
    made(app, "of-ops", owner_role="ops")


def made(app: Flask, name: str, *, role: str = "user", owner: str = "ada", owner_role: str | None = None) -> User:
    person = None if owner_role else user_named(app, owner)
    with services_of(app).get(Database).write() as db:
        return service_accounts.create(
            db, name, role=role, owner=Owner(person, owner_role), purpose="a test", origin="cli"
        )
