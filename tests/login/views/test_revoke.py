"""POST /api/auth/revoke: whoever holds a token can end it (RFC 7009)."""

import pytest
import time_machine

from tests import factories
from tests.login.scripts import log_in, refresh, works
from tests.script import Script
from tests.tables import contents, events
from tests.tokens.forged_tokens import claims_of, signed
from webapp.tokens import script_logins

NONE_OF_OURS = "lkr_" + "A" * 43


def revoke(app, token, ip_address="10.0.0.7", **members):
    return Script(app, ip_address=ip_address).post("/api/auth/revoke", json={"token": token} | members)


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "refresh_token"}])
def test_revoking_an_access_token_ends_only_it_at_once(app, user, hint):
    answer, other = log_in(app), factories.api_token(app, user)
    assert revoke(app, answer["access_token"], **hint).status_code == 200
    refused = Script(app, answer["access_token"]).get("/protected")
    assert refused.json["code"] == "token_revoked"
    assert works(app, other.token)
    assert refresh(app, answer["refresh_token"]).status_code == 200


def test_an_api_token_can_be_revoked_by_its_holder(app, user):
    issued = factories.api_token(app, user)
    assert revoke(app, issued.token).status_code == 200
    assert not works(app, issued.token)


@pytest.mark.parametrize("hint", [{}, {"token_type_hint": "access_token"}, {"token_type_hint": "nonsense"}])
def test_revoking_a_refresh_token_ends_its_login_with_all_tokens(app, database, user, hint):
    first, other = log_in(app), log_in(app)
    second = refresh(app, first["refresh_token"]).json
    assert revoke(app, second["refresh_token"], **hint).status_code == 200
    assert not works(app, first["access_token"])
    assert not works(app, second["access_token"])
    assert refresh(app, second["refresh_token"]).status_code == 401
    assert works(app, other["access_token"])
    with database.read() as db:
        assert len(script_logins.live(db, user.id)) == 1


def test_the_token_is_read_from_a_form_as_libraries_send_it(app, user):
    answer = log_in(app)
    sent = {"token": answer["refresh_token"], "token_type_hint": "refresh_token"}
    assert Script(app).post("/api/auth/revoke", data=sent).status_code == 200
    assert not works(app, answer["access_token"])


def test_a_revocation_is_an_audit_event_of_the_holder(app, user):
    answer = log_in(app)
    revoke(app, answer["access_token"])
    revoke(app, answer["refresh_token"])
    found = [event for event in events(app) if event["event"] in ("token.revoked", "refresh.ended")]
    assert [event["user_id"] for event in found] == [user.id.hex] * 2
    assert all('"holder"' in str(event["details"]) for event in found)


def test_a_second_revocation_is_no_error_and_no_event(app, user):
    answer = log_in(app)
    for _ in range(3):
        assert revoke(app, answer["refresh_token"]).status_code == 200
    assert len(events(app, "refresh.ended")) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(NONE_OF_OURS, id="a refresh token that was never made"),
        pytest.param("eyJhbGciOiJub25lIn0.e30.", id="a token without a signature"),
        pytest.param("a.b.c", id="three letters"),
        pytest.param(" ", id="a space"),
        pytest.param("ä" * 40, id="letters of another alphabet"),
        pytest.param("x" * 60_000, id="sixty kilobytes"),
    ],
)
def test_an_invalid_token_is_200_and_changes_nothing(app, user, text):
    log_in(app)
    before = contents(app)
    assert revoke(app, text).status_code == 200
    assert contents(app) == before


def test_an_expired_token_is_200(app, user):
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False) as clock:
        answer = log_in(app)
        clock.shift(3601)
        assert revoke(app, answer["access_token"]).status_code == 200


@pytest.mark.parametrize("change", [{"sub": "nobody"}, {"jti": "5f6c1c52-3b1b-4f0e-9d3a-0a54b0a6f111"}, {"aud": "x"}])
def test_a_signed_token_without_a_row_is_200_and_ends_nothing(app, user, change):
    issued = factories.api_token(app, user)
    assert revoke(app, signed(app, claims_of(app, user, **change))).status_code == 200
    assert works(app, issued.token)


def test_a_session_cookie_is_not_revoked(app, person):
    assert revoke(app, person.cookie).status_code == 200
    assert person.open("/dashboard").status_code == 200


@pytest.mark.parametrize(
    "body", [{}, {"token": ""}, {"token": None}, {"token": 7}, {"token": ["a"]}, {"token": {}}, [], None, 5]
)
def test_a_malformed_request_is_400(app, body):
    assert Script(app).post("/api/auth/revoke", json=body).status_code == 400


def test_a_revocation_reads_no_cookie_and_needs_no_csrf_token(app, user, person):
    answer = person.ask("POST", "/api/auth/revoke", json={"token": log_in(app)["access_token"]})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_wrong_tokens_are_counted_by_network(make_app, user):
    app = make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="5")
    answer = log_in(app)
    assert [revoke(app, NONE_OF_OURS).status_code for _ in range(6)] == [200] * 5 + [429]
    assert revoke(app, answer["access_token"], ip_address="203.0.113.9").status_code == 200
    assert refresh(app, answer["refresh_token"]).status_code == 429
