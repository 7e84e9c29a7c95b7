"""POST /api/auth/introspect: whether a token is active, for those who may ask (RFC 7662)."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.login.scripts import NOON, NOON_AS_NUMBER, claims, log_in, refresh
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.forged_tokens import claims_of, signed
from webapp.accounts import lifecycle as account_lifecycle
from webapp.accounts.models import User
from webapp.cli.mint_checks import PROVEN_BY_NOBODY
from webapp.core.db import Database
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard.token_grant import TokenGrant
from webapp.tokens import issuing, lifecycle
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of

INACTIVE = {"active": False}


@pytest.fixture
def introspector(app, user):
    """A script of Ada's that may ask."""
    return Script(app, factories.api_token(app, user, "tokens:introspect").token)


@pytest.fixture
def admin(app):
    """A script of an admin's that may ask."""
    owner = factories.user(app, "grace", role="admin")
    return Script(app, factories.api_token(app, owner, "tokens:introspect").token)


def introspect(script, token, **members):
    return script.post("/api/auth/introspect", json={"token": token} | members)


def test_a_valid_access_token_is_described_completely(app, user, introspector):
    with time_machine.travel(NOON, tick=False):
        issued = factories.api_token(app, user, "profile:read", "protected:read", lifetime=timedelta(days=1))
        answer = introspect(introspector, issued.token)
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (
        200,
        "application/json",
        "no-store",
    )
    assert answer.json == {
        "active": True,
        "scope": "profile:read protected:read",
        "client_id": "latchkey",
        "username": "ada",
        "token_type": "Bearer",
        "exp": NOON_AS_NUMBER + 86400,
        "iat": NOON_AS_NUMBER,
        "sub": str(user.id),
        "aud": "http://localhost:8000",
        "iss": "http://localhost:8000",
        "jti": issued.entry.id.hex,
        "auth_time": NOON_AS_NUMBER,
        "amr": ["pwd"],
        "acr": "aal1",
    }


def test_a_valid_refresh_token_is_described_as_one(app, user, introspector):
    with time_machine.travel(NOON, tick=False):
        told = introspect(introspector, log_in(app, scope="protected:read")["refresh_token"]).json
    assert told == {
        "active": True,
        "scope": "protected:read",
        "client_id": "latchkey",
        "username": "ada",
        "token_type": "refresh_token",
        "exp": NOON_AS_NUMBER + 14 * 86400,
        "sub": str(user.id),
        "iss": "http://localhost:8000",
        "auth_time": NOON_AS_NUMBER,
        "amr": ["pwd"],
        "acr": "aal1",
    }


def test_the_token_is_read_from_a_form_as_libraries_send_it(app, user, introspector):
    sent = {"token": log_in(app)["access_token"], "token_type_hint": "access_token"}
    assert introspector.post("/api/auth/introspect", data=sent).json["active"] is True


def revoked(app, user):
    issued = factories.api_token(app, user)
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke(db, user.id, issued.entry.id)
    return issued.token


def used(app, user):
    token = log_in(app)["refresh_token"]
    refresh(app, token)
    return token


def of_an_ended_login(app, user):
    answer = log_in(app)
    Script(app).post("/api/auth/revoke", json={"token": answer["refresh_token"]})
    return answer["refresh_token"]


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(revoked, id="a revoked one"),
        pytest.param(used, id="a refresh token that was used"),
        pytest.param(of_an_ended_login, id="a refresh token of a login that was ended"),
        pytest.param(lambda app, user: "lkr_" + "A" * 43, id="a refresh token that was never made"),
        pytest.param(lambda app, user: "nonsense", id="nonsense"),
        pytest.param(lambda app, user: "x" * 60_000, id="sixty kilobytes"),
        pytest.param(lambda app, user: factories.api_token(app, user).token[:-2], id="one cut short"),
        pytest.param(lambda app, user: signed(app, claims_of(app, user), {"typ": "JWT"}), id="another kind of JWT"),
        pytest.param(lambda app, user: signed(app, claims_of(app, user, aud="x")), id="one for somebody else"),
        pytest.param(lambda app, user: signed(app, claims_of(app, user, sub="x")), id="one that says it is another's"),
    ],
)
def test_an_invalid_token_is_inactive_without_details(app, user, admin, make):
    answer = introspect(admin, make(app, user))
    assert (answer.status_code, answer.json) == (200, INACTIVE)


def test_an_expired_token_is_inactive(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        introspector = Script(app, factories.api_token(app, user, "tokens:introspect").token)
        answer = log_in(app)
        clock.shift(3600)
        assert introspect(introspector, answer["access_token"]).json == INACTIVE
        assert introspect(introspector, answer["refresh_token"]).json["active"] is True


def test_tokens_of_a_disabled_user_are_inactive(app, database, user, admin):
    answer, issued = log_in(app), factories.api_token(app, user)
    with database.write() as db:
        account_lifecycle.disable(db, db.get_one(User, user.id))
    for token in (answer["access_token"], answer["refresh_token"], issued.token):
        assert introspect(admin, token).json == INACTIVE


def test_only_admins_can_introspect_tokens_of_others(app, user, introspector, admin):
    eve = factories.user(app, "eve")
    theirs = factories.api_token(app, eve).token
    assert introspect(introspector, theirs).json == INACTIVE
    assert introspect(admin, theirs).json["username"] == "eve"


def test_a_former_admin_can_introspect_only_own_tokens(app, database, user, admin):
    with database.write() as db:
        found = db.query(User).filter_by(username="grace").one()
        account_lifecycle.change_role(db, found, "user")
    assert introspect(admin, factories.api_token(app, user).token).json == INACTIVE
    assert introspect(admin, admin.token).json["active"] is True


def test_introspection_needs_the_scope(app, user, script):
    answer = introspect(script, script.token)
    assert (answer.status_code, answer.json["required"]) == (403, ["tokens:introspect"])


def test_a_session_cannot_introspect_even_with_its_csrf_token(app, user, person):
    person.open("/tokens/new")
    headers = {"X-CSRF-Token": person.csrf_token, "Accept": "application/json"}
    answer = person.ask("POST", "/api/auth/introspect", json={"token": "x"}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "token_missing")
    assert "Set-Cookie" not in answer.headers


def test_introspection_does_not_count_as_use(app, database, user, introspector):
    issued = factories.api_token(app, user)
    before = contents(app)
    for _ in range(3):
        introspect(introspector, issued.token)
    services_of(app).get(UsageTracker).flush()
    with database.read() as db:
        assert lifecycle.find(db, user.id, issued.entry.id).credential.last_used_at is None
    assert contents(app) == before
    assert [e for e in events(app, "token.first-used") if e["credential_id"] == issued.entry.id.hex] == []


def test_a_token_created_by_command_has_no_auth_time(app, user, introspector, database):
    requested = issuing.TokenRequest(
        name="by an operator", grant=TokenGrant(), lifetime=timedelta(days=1), origin="cli"
    )
    with database.write() as db:
        issued = services_of(app).get(TokenIssuer).issue(db, user.id, requested, PROVEN_BY_NOBODY)
    told = introspect(introspector, issued.token).json
    assert told["active"] is True
    assert {"auth_time", "amr", "acr"}.isdisjoint(told)


@pytest.mark.parametrize("body", [{}, {"token": ""}, {"token": None}, {"token": 7}, {"token": ["a"]}, [], None])
def test_a_malformed_request_is_400(introspector, body):
    assert introspector.post("/api/auth/introspect", json=body).status_code == 400


def test_a_refresh_does_not_change_auth_time(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        introspector = Script(app, factories.api_token(app, user, "tokens:introspect").token)
        first = log_in(app)
        clock.shift(timedelta(days=3))
        second = refresh(app, first["refresh_token"]).json
        for token in (second["access_token"], second["refresh_token"]):
            told = introspect(introspector, token).json
            assert (told["auth_time"], told["amr"]) == (NOON_AS_NUMBER, ["pwd"])
        assert claims(second["access_token"])["iat"] == NOON_AS_NUMBER + 3 * 86400
