"""Whatever address holds an id: that of another is not there, which is all that is said of it."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.second_factors import with_passkey
from tests.tables import contents
from webapp.accounts.models import User
from webapp.audit.models import AuditEvent
from webapp.credentials.models import Credential
from webapp.guard.routes import routes
from webapp.mfa.models import Passkey

PAGE, JSON = {"Accept": "text/html"}, {"Accept": "application/json"}


def addresses(app: Flask) -> Iterator[tuple[str, str]]:
    """Of one's own things; those who look after others are asked for their role."""
    for route in routes(app):
        if "<uuid:" in route.path and not route.path.startswith("/admin/"):
            yield from ((method, route.path) for method in route.methods)


@pytest.fixture
def graces(app: Flask) -> set[str]:
    """The id of everything that Grace has."""
    grace = factories.user(app, "grace")
    Person(app).log_in("grace")
    Script(app).post("/api/auth", json={"username": "grace", "password": factories.PASSWORD})
    factories.api_token(app, grace)
    with_passkey(app, grace)
    with app.extensions["database"].read() as db:
        found = {
            table: set(db.scalars(select(table.id).where(table.user_id == grace.id)))
            for table in (Credential, Passkey, AuditEvent)
        }
    assert all(found.values())
    return {str(key) for keys in found.values() for key in keys}


def test_what_is_anothers_is_not_there_at_any_address(app: Flask, person: Person, graces: set[str]) -> None:
    person.open("/tokens/new")
    token, before, asked = person.csrf_token, contents(app), set()
    for method, path in addresses(app):
        for key in graces:
            where = re.sub(r"<uuid:\w+>", key, path)
            for headers in (PAGE, JSON):
                sent = {"data": {"csrf_token": token}} if method == "POST" else {}
                answer = person.ask(method, where, headers=headers | {"X-CSRF-Token": token}, **sent)
                assert answer.status_code == 404, f"{method} {path}"
                assert "grace" not in answer.text
        asked.add(path)
    assert len(asked) >= 12
    assert contents(app) == before


def test_a_script_finds_as_little(app: Flask, user: User, graces: set[str]) -> None:
    scopes = app.extensions["catalogue"].held_by(("user",))
    script = Script(app, factories.api_token(app, user, *scopes).token)
    for key in graces:
        assert script.get(f"/tokens/{key}").status_code == 404
