"""Token exchange: requests and tokens that are refused."""

import pytest

from tests import factories
from tests.login.exchange_calls import REPORTS, WHOLE, exchange
from tests.script import Script
from tests.secret_keys import OTHER
from tests.tables import contents
from tests.tokens.forged_tokens import claims_of, signed
from webapp.guard.token_grant import TokenGrant
from webapp.settings import Settings, SettingsError


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_EXCHANGE_AUDIENCES=f"{REPORTS}, backup")


@pytest.mark.parametrize(
    "bounds",
    [{"networks": ("10.0.0.0/8",)}, {"methods": frozenset(["POST"])}, {"resources": frozenset(["/api/auth/exchange"])}],
)
def test_a_token_with_restrictions_that_another_service_cannot_enforce_is_not_exchanged(app, user, bounds):
    given = factories.api_token(app, user, grant=TokenGrant(scopes=frozenset(["protected:read"]), **bounds))
    answer = exchange(app, given.token)
    assert (answer.status_code, answer.json["code"]) == (403, "token_limited")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param(
            {"audience": "https://elsewhere.example.org"}, "invalid_target", id="a service that is not listed"
        ),
        pytest.param({"audience": REPORTS + "/"}, "invalid_target", id="one that is written in another way"),
        pytest.param({"audience": "http://localhost:8000"}, "invalid_target", id="this site"),
        pytest.param({"audience": ""}, "invalid_request", id="no service"),
        pytest.param({"audience": None}, "invalid_request", id="null"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="another grant"),
        pytest.param(
            {"subject_token_type": "urn:ietf:params:oauth:token-type:id_token"}, "invalid_request", id="a kind"
        ),
        pytest.param(
            {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, "invalid_request", id="r"
        ),
        pytest.param({"actor_token": "x"}, "invalid_request", id="an actor"),
        pytest.param({"actor_token_type": "x"}, "invalid_request", id="the kind of an actor"),
        pytest.param({"resource": "https://elsewhere.example.org"}, "invalid_target", id="another resource"),
        pytest.param({"resource": "https://x.example.org", "audience": None}, "invalid_target", id="no such resource"),
        pytest.param({"resource": "backup", "audience": "backup"}, "invalid_target", id="a resource that is no URI"),
        pytest.param({"resource": REPORTS + "#a"}, "invalid_target", id="a resource with a fragment"),
        pytest.param({"resource": [REPORTS, "https://x.example.org"]}, "invalid_target", id="two resources"),
        pytest.param({"audience": [REPORTS, "backup"]}, "invalid_target", id="two services"),
        pytest.param({"scope": "x" * 1001}, "invalid_request", id="scopes too long"),
    ],
)
def test_an_unsupported_parameter_is_400_with_the_standard_error(app, user, change, error):
    token = factories.api_token(app, user).token
    before = contents(app)
    answer = exchange(app, token, **change)
    assert (answer.status_code, answer.mimetype, answer.json["error"]) == (400, "application/problem+json", error)
    assert contents(app) == before


@pytest.mark.parametrize(
    "change", [{"audience": 5}, {"audience": ["backup"] * 2}, {"subject_token": {}}, {"scope": {}}]
)
def test_a_malformed_request_is_400(app, change):
    assert Script(app).post("/api/auth/exchange", json=WHOLE | change).status_code == 400


@pytest.mark.parametrize("text", ["nonsense", "a b", "x" * 60_000, "lkr_" + "A" * 43, "ä", "a\r\nX-Header: b"])
def test_an_invalid_token_is_401(app, text):
    answer = exchange(app, text)
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


def test_without_a_token_it_is_401_even_with_a_session(app, person):
    assert Script(app).post("/api/auth/exchange", json=WHOLE).json["code"] == "token_missing"
    headers = {"Accept": "application/json"}
    assert person.ask("POST", "/api/auth/exchange", json=WHOLE, headers=headers).status_code == 401


@pytest.mark.parametrize("aud", [[REPORTS], {}, None, 5, ""])
def test_a_signed_token_with_a_malformed_audience_is_inactive(app, user, aud):
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    forged = signed(app, claims_of(app, user, aud=aud))
    assert asker.post("/api/auth/introspect", json={"token": forged}).json == {"active": False}


@pytest.mark.parametrize(
    "act", [None, 5, "x", [], {}, {"sub": 5}, {"sub": "x"}, {"sub": "http://other.example/tokens/" + "0" * 32}]
)
def test_a_signed_token_for_another_service_without_its_original_is_inactive(app, user, act):
    asker = Script(app, factories.api_token(app, user, "tokens:introspect").token)
    forged = signed(app, claims_of(app, user, aud=REPORTS, act=act))
    assert asker.post("/api/auth/introspect", json={"token": forged}).json == {"active": False}


def test_wrong_tokens_are_counted_by_network(make_app, user):
    app = make_app(WEBAPP_EXCHANGE_AUDIENCES="backup", WEBAPP_LOGIN_TRIES_PER_NETWORK="3")
    sent = {"audience": "backup"}
    assert [exchange(app, "nonsense", **sent).status_code for _ in range(4)] == [401] * 3 + [429]


def test_without_the_setting_no_token_is_exchanged(make_app, user):
    app = make_app(WEBAPP_EXCHANGE_AUDIENCES="")
    answer = exchange(app, factories.api_token(app, user).token)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_target")
    assert "WEBAPP_EXCHANGE_AUDIENCES" in answer.json["detail"]


@pytest.mark.parametrize("name", ["http://localhost:8000", "HTTP://localhost:8000/", "ä", "x" * 201])
def test_an_invalid_audience_stops_the_start(tmp_path, name):
    with pytest.raises(SettingsError, match="WEBAPP_EXCHANGE_AUDIENCES"):
        Settings(instance=tmp_path, secret_key=OTHER, exchange_audiences=(name,))
