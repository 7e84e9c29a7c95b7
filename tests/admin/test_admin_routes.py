"""Every admin route by every credential: a token reads and ends things, and never gives a login or admin powers."""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests import factories
from tests.admin.admin_objects import (
    by_session,
    logout_notice_of,
    provider_with_rule,
    proxied_app_of,
    registration_token_of,
)
from tests.admin.admin_route_rows import NO_TOKEN, OF_SERVICES, REASON, ROWS, Row
from tests.federation.upstream import FOR_PROVIDERS, Upstream, linked, reached
from tests.oauth.app import FOR_APPS, registered
from tests.prepared_user import PreparedUser
from tests.script import Script
from tests.tables import contents
from webapp.accounts import invitations, roles, service_accounts
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import User
from webapp.accounts.service_rules import Owner
from webapp.core.db import Database
from webapp.guard.routes import routes
from webapp.mail.mailer import Mailer
from webapp.mail.models import OutgoingMail
from webapp.tokens.scopes import Catalogue
from webapp.web.registry import services_of


def test_every_admin_route_is_in_the_table(app: Flask) -> None:
    found = {f"{m} {route.path}" for route in routes(app) for m in route.methods if is_admins(route.path)}
    assert found == {row.call for row in ROWS}


def is_admins(path: str) -> bool:
    return path == "/admin" or path.startswith("/admin/")


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(WEBAPP_SMTP_URL="smtp://127.0.0.1:1")


class PreparedState(NamedTuple):
    """What each case begins with: objects to name in paths, and tokens of Boss, a super admin, and of an admin."""

    places: dict[str, str]
    tokens: dict[str, str]
    contents: dict[str, list[str]]


def begin(app: Flask, ada: User) -> PreparedState:
    places = places_of(app, ada)
    owners = {"token": factories.user(app, "boss", role="super_admin")}
    owners["token of an admin"] = factories.user(app, "deputy", role="admin")
    tokens = {of: factories.api_token(app, user, "admin:read", "admin:write").token for of, user in owners.items()}
    return PreparedState(places, tokens, contents(app))


def places_of(app: Flask, ada: User) -> dict[str, str]:
    """What the parameters of the rules stand for: a user, a role that nobody has, an invitation, a mail given up."""
    with services_of(app).get(Database).write() as db:
        roles.add(db, "editor", "Writes.", ["user"])
        roles.add(db, "porter", "Opens.", ["admin"])
        backup = service_accounts.create(
            db, "backup", role="user", owner=Owner(ada), purpose="nightly backup", origin="cli"
        )
        invited = invitations.create(db, InvitationRequest()).invitation
        mail_id = services_of(app).get(Mailer).send(db, "test", "ada@example.org", user_id=ada.id)
        db.flush()
        db.get_one(OutgoingMail, mail_id).due_at = None
    return {
        "<uuid:user_id>": str(ada.id),
        "<service>": str(backup.id),
        "<act>": "disable",
        "<kind>": "tokens",
        "<uuid:credential_id>": str(factories.api_token(app, ada).entry.id),
        "<name>": "editor",
        "<uuid:invitation_id>": str(invited.id),
        "<uuid:mail_id>": str(mail_id),
        "<uuid:client_id>": (client_id := registered(app).client_id),
        "<uuid:provider_id>": provider_with_rule(app),
        **proxied_app_of(app),
        "<uuid:identity_id>": str(linked(app, ada)),
        "<uuid:token_id>": registration_token_of(app),
        "<uuid:notice_id>": logout_notice_of(app, client_id, ada.id),
    }


def ask(caller: Any, row: Row, places: dict[str, str]) -> TestResponse:
    path = row.rule + ("?route=GET+/dashboard" if row.rule == "/admin/endpoints/uses" else "")
    if path.endswith(OF_SERVICES):
        path = path.replace("<uuid:user_id>", places["<service>"])
    for parameter, value in places.items():
        path = path.replace(parameter, value)
    if row.method == "GET":
        return caller.get(path)
    sent = (row.sent or {}) | ({"ids": [places["<uuid:user_id>"]]} if "ids" in (row.sent or {}) else {})
    return caller.post(path, json=sent)


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row.call} {row.case}".strip()) for row in ROWS])
@pytest.mark.parametrize("credential", ["session", "token", "token of an admin"])
def test_the_response_of_each_route_to_each_credential(
    app: Flask, prepared: PreparedUser, row: Row, credential: str
) -> None:
    begun = prepared.prepare(app, begin)
    if credential == "session":
        reached(app, Upstream())
        assert ask(by_session(app, "boss"), row, begun.places).status_code == row.by_session
        return
    is_admin = credential == "token of an admin" and row.by_token_of_admin is not None
    expected = row.by_token_of_admin if is_admin else row.by_token
    answer = ask(Script(app, begun.tokens[credential]), row, begun.places)
    if isinstance(expected, int):
        assert answer.status_code == expected
        return
    told = answer.json
    assert (answer.status_code, told["code"], told["required"]) == expected
    assert answer.mimetype == "application/problem+json"
    assert "fix" not in told
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert contents(app) == begun.contents


# Changes outside /admin that a token may call. None of them makes a session, an account or a way to log in: these are
# about the token itself, or ask for a credential of their own in the body.
FOR_TOKENS = {
    "POST /tokens/self/rotate",
    *("POST /api/auth", "POST /api/auth/refresh", "POST /api/auth/revoke", "POST /api/auth/exchange"),
    "POST /api/auth/introspect",
    *(f"POST {path}" for path in FOR_APPS | FOR_PROVIDERS),
}


def test_a_token_with_every_scope_can_change_only_itself_outside_admin(app: Flask, prepared: PreparedUser) -> None:
    prepared.prepare(app, begin)
    catalogue = services_of(app).get(Catalogue)
    owner = factories.user(app, "chief", role="super_admin")
    scopes = catalogue.held_by(("user", "admin", "super_admin"))
    script = Script(app, factories.api_token(app, owner, *scopes).token)
    before, asked = contents(app), 0
    for route in routes(app):
        for method in set(route.methods) - {"GET"}:
            if is_admins(route.path) or f"{method} {route.path}" in FOR_TOKENS:
                continue
            answer = script.call(method, filled_in(route.path), json={})
            told = answer.status_code, answer.json["code"], answer.json["required"]
            assert told == NO_TOKEN, f"{method} {route.path}"
            asked += 1
    assert asked > 40
    assert contents(app) == before


def filled_in(path: str) -> str:
    return "/".join(
        "00000000-0000-4000-8000-000000000000" if part.startswith("<uuid:") else "x" if part.startswith("<") else part
        for part in path.split("/")
    )


def test_a_token_that_may_invite_cannot_make_the_invited_user_super_admin(app: Flask) -> None:
    """The attack as it was found: invite, register, assign, and the token had become a session of a super admin."""
    boss = factories.user(app, "boss", role="super_admin")
    script = Script(app, factories.api_token(app, boss, "admin:read", "admin:write").token)
    invited = script.post("/admin/invitations/new", json={"role": "user"})
    assert (invited.status_code, "/register/" in invited.text) == (403, False)
    mallory = factories.user(app, "mallory")
    path = f"/admin/users/{mallory.id}/role"
    assert script.post(path, json=REASON | {"role": "super_admin"}).status_code == 403
    sent = {"description": "x", "includes": ["super_admin"]}
    assert script.post("/admin/roles/user/edit", json=sent).status_code == 403
    assert script.get(f"/admin/users/{mallory.id}").json["roles"] == ["user"]
