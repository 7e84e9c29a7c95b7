"""What is no refresh token of ours, in every shape: refused, counted, and neither kept nor logged."""

import pytest

from tests.login.scripts import is_over, log_in, refresh
from tests.script import Script
from tests.tokens.forged_tokens import claims_of, signed
from webapp.tokens import script_logins

GOOD = "lkr_" + "A" * 43


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"refresh_token": ""}, id="an empty text"),
        pytest.param({"refresh_token": None}, id="null"),
        pytest.param({"refresh_token": 5}, id="a number"),
        pytest.param({"refresh_token": True}, id="true"),
        pytest.param({"refresh_token": [GOOD]}, id="a list"),
        pytest.param({"refresh_token": [GOOD, GOOD]}, id="two"),
        pytest.param({"refresh_token": {"value": GOOD}}, id="an object"),
        pytest.param({"refresh_token": GOOD, "scope": {"a": 1}}, id="scopes as an object"),
        pytest.param([], id="a list instead of an object"),
        pytest.param(None, id="null instead of an object"),
        pytest.param(7, id="a number instead of an object"),
    ],
)
def test_a_malformed_request_is_400(app, body):
    """GHSA-f6hc-c5jr-878p: an empty refresh token was accepted."""
    assert Script(app).post("/api/auth/refresh", json=body).status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(GOOD, id="one that was never made"),
        pytest.param(GOOD[:-1], id="a character short"),
        pytest.param(GOOD + "A", id="a character long"),
        pytest.param("lkr_", id="the prefix alone"),
        pytest.param(" ", id="a space"),
        pytest.param("ä" * 47, id="letters of another alphabet"),
        pytest.param("lkr_" + "A" * 60_000, id="sixty kilobytes"),
        pytest.param("LKR_" + "A" * 43, id="another case"),
        pytest.param("' OR 1=1 --", id="a piece of SQL"),
    ],
)
def test_a_token_that_is_not_ours_is_401(app, user, text):
    assert is_over(refresh(app, text))


def test_a_body_over_the_limit_is_413(app):
    assert refresh(app, "lkr_" + "A" * 70_000).status_code == 413


def test_a_modified_refresh_token_is_refused_and_ends_nothing(app, user):
    token = log_in(app)["refresh_token"]
    for changed in (token[:-1], token + "A", token.swapcase(), token + "\n", " " + token, token.replace("lkr_", "")):
        assert refresh(app, changed).status_code == 401
    assert refresh(app, token).status_code == 200


def test_access_tokens_and_refresh_tokens_are_not_interchangeable(app, user):
    answer = log_in(app)
    assert is_over(refresh(app, answer["access_token"]))
    refused = Script(app, answer["refresh_token"]).get("/protected")
    assert (refused.status_code, refused.json["code"]) == (401, "token_invalid")


def test_an_access_token_does_not_contain_its_family(app, database, user):
    log_in(app)
    with database.read() as db:
        (login,) = script_logins.live(db, user.id)
    forged = signed(app, claims_of(app, user, jti=login.id.hex))
    assert Script(app, forged).get("/protected").json["code"] == "token_invalid"


def test_a_session_cookie_cannot_refresh(app, user, person):
    assert is_over(refresh(app, person.cookie))


def test_refusals_are_counted_by_network_and_successes_are_not(make_app, user):
    app = make_app(WEBAPP_LOGIN_TRIES_PER_NETWORK="5")
    token = log_in(app)["refresh_token"]
    for _ in range(8):
        answer = refresh(app, token)
        token = answer.json["refresh_token"]
    assert [refresh(app, GOOD).status_code for _ in range(6)] == [401] * 5 + [429]
    throttled = refresh(app, token)
    assert (throttled.status_code, throttled.json["code"]) == (429, "throttled")
    assert refresh(app, token, ip_address="203.0.113.9").status_code == 200
