"""API tokens: valid ones, and refusals by expiry, row, owner and key."""

from datetime import timedelta
from uuid import UUID

import jwt as pyjwt
import pytest
import time_machine
from sqlalchemy import delete

from tests import factories, key_rings
from tests.script import Script
from tests.tables import events
from tests.tokens.forged_tokens import claims_of, is_refused, signed
from webapp.accounts import lifecycle as account_lifecycle
from webapp.accounts.models import User
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.guard.login_manager import Authenticators
from webapp.guard.token_grant import TokenGrant
from webapp.sessions import lifecycle as sessions
from webapp.sessions.lifecycle import Browser, SessionLifetimes
from webapp.tokens import authenticator, lifecycle
from webapp.web.registry import services_of

NOON = "2026-11-22T12:00:00Z"
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_a_token_issued_in_the_future_is_refused(app, user, name):
    with time_machine.travel(NOON, tick=False):
        tomorrow = int((now() + timedelta(days=1)).timestamp())
        assert is_refused(app, signed(app, claims_of(app, user, **{name: tomorrow})))


def test_a_token_expires_exactly_at_its_expiry(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        script = Script(app, factories.api_token(app, user, lifetime=timedelta(hours=1)).token)
        clock.shift(timedelta(hours=1) - SECOND)
        assert script.get("/protected").status_code == 200
        clock.shift(SECOND)
        assert is_refused(app, script.token, "token_expired")


def test_the_expiry_in_the_row_wins_over_a_later_one_in_the_token(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        claims = claims_of(app, user, exp=int((now() + timedelta(days=3650)).timestamp()))
        clock.shift(timedelta(days=8))
        assert is_refused(app, signed(app, claims), "token_expired")


def test_setting_the_clock_back_does_not_restore_a_revoked_token(app, user, person):
    issued = factories.api_token(app, user)
    person.open(f"/tokens/{issued.entry.id}/revoke")
    person.press("Revoke")
    with time_machine.travel(now() - timedelta(hours=1), tick=False):
        assert Script(app, issued.token).get("/protected").status_code == 401


def test_a_token_with_the_id_of_a_session_is_refused(app, user):
    with services_of(app).get(Database).write() as db:
        started = sessions.start(
            db, user.id, Browser("x", None), SessionLifetimes(timedelta(1), timedelta(1), timedelta(1)), amr="pwd"
        )
    assert is_refused(app, signed(app, claims_of(app, user, jti=started.credential.id.hex)))
    assert is_refused(app, signed(app, claims_of(app, user, jti=started.credential.key)))
    assert is_refused(app, signed(app, claims_of(app, user, jti=started.secret)))


def test_a_signed_token_with_another_owner_is_refused(app, user):
    other = factories.user(app, "grace")
    assert is_refused(app, signed(app, claims_of(app, user, sub=str(other.id))))


def test_scopes_in_the_token_beyond_its_row_are_ignored(app, user):
    claims = claims_of(app, user, scope="protected:read profile:read tokens:read admin:write")
    with services_of(app).get(Database).write() as db:
        db.get_one(Credential, UUID(claims["jti"])).grant = TokenGrant()
    assert Script(app, signed(app, claims)).get("/protected").json["code"] == "scope_required"


def change(app, user, action):
    with services_of(app).get(Database).write() as db:
        action(db, db.get_one(User, user.id))


def test_a_token_of_a_disabled_user_is_refused(app, user, script):
    assert script.get("/protected").status_code == 200
    change(app, user, account_lifecycle.disable)
    assert is_refused(app, script.token, "token_revoked")


def test_tokens_of_a_disabled_user_stay_revoked_after_enabling(app, user, script):
    change(app, user, account_lifecycle.disable)
    change(app, user, account_lifecycle.enable)
    assert is_refused(app, script.token, "token_revoked")


def test_a_token_of_a_deleted_user_is_refused(app, user, script):
    assert script.get("/protected").status_code == 200
    change(app, user, lambda db, found: db.execute(delete(User).where(User.id == found.id)))
    assert is_refused(app, script.token)


def test_a_revoked_token_is_refused_on_the_next_request_in_every_process(make_app):
    here, there = make_app(), make_app()
    user = factories.user(here, "ada")
    issued = factories.api_token(here, user)
    assert Script(there, issued.token).get("/protected").status_code == 200
    with services_of(here).get(Database).write() as db:
        assert lifecycle.revoke(db, user.id, issued.entry.id)
    assert is_refused(there, issued.token, "token_revoked")
    assert is_refused(here, issued.token, "token_revoked")


def test_a_token_of_another_site_is_refused(make_app, tmp_path, app, user):
    settings = CommandContext({"WEBAPP_INSTANCE": str(tmp_path / "other")}).settings
    schema.upgrade(settings)
    other = create_app(settings)
    foreign = factories.api_token(other, factories.user(other, "ada")).token
    close(other)
    assert is_refused(app, foreign)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256", "HS256"])
def test_tokens_can_be_signed_with_four_algorithms(make_app, algorithm):
    app = make_app(WEBAPP_SIGNING_ALGORITHM=algorithm)
    token = factories.api_token(app, factories.user(app, "ada")).token
    assert pyjwt.get_unverified_header(token)["alg"] == algorithm
    assert Script(app, token).get("/protected").status_code == 200
    assert is_refused(app, token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB"))


def test_a_cached_signature_is_dropped_with_its_key(app, user, script):
    assert script.get("/protected").status_code == 200
    key_rings.rotate(app, timedelta(0))
    assert is_refused(app, script.token)


def test_a_rotated_key_verifies_only_during_its_overlap(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        script = Script(app, factories.api_token(app, user).token)
        key_rings.rotate(app, timedelta(hours=1))
        assert script.get("/protected").status_code == 200
        clock.shift(timedelta(hours=1))
        assert is_refused(app, script.token)


def test_the_signature_cache_is_limited_and_contains_no_token(app, user):
    found = services_of(app).get(Authenticators).by_token.__self__
    token = factories.api_token(app, user).token
    for _ in range(3):
        Script(app, token).get("/protected")
    assert len(found._verified) == 1
    assert authenticator.MAX_REMEMBERED < 10_000
    assert token not in repr(found._verified)


def test_forged_tokens_are_not_cached(app, user):
    found = services_of(app).get(Authenticators).by_token.__self__
    for number in range(20):
        Script(app, f"a.b.{number}").get("/protected")
    assert not found._verified


def test_a_forged_token_is_logged_and_writes_no_row(app, user, logged):
    Script(app, signed(app, claims_of(app, user), {"typ": "JWT"})).get("/protected")
    assert events(app, "access.refused") == []
    assert 'code="token_invalid" reason="typ is not at+jwt"' in logged()
