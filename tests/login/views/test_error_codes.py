"""Every refusal of /api/auth* names its registered ``error`` (RFC 6749 §5.2) beside the members of ours."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.dpop_client import bound_token, claims_for, proof
from tests.login.exchange_calls import REPORTS, WHOLE
from tests.login.scripts import log_in, refresh
from tests.script import Script
from tests.second_factors import with_app
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.tokens import lifecycle
from webapp.web.registry import services_of

LOGIN, REFRESH, REVOKE = "/api/auth", "/api/auth/refresh", "/api/auth/revoke"
INTROSPECT, EXCHANGE = "/api/auth/introspect", "/api/auth/exchange"
GOOD = {"username": "ada", "password": factories.PASSWORD}
# IANA, OAuth Extensions Error registry, and RFC 6749 §4.1.2.1 and §5.2.
REGISTERED = {
    *("invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type"),
    *("invalid_scope", "invalid_token", "insufficient_scope", "unsupported_token_type", "invalid_target"),
    *("invalid_dpop_proof", "insufficient_user_authentication", "temporarily_unavailable", "access_denied"),
}
UNREADABLE = [
    pytest.param({"json": []}, 400, id="a list"),
    pytest.param({"json": {"scope": {"a": 1}}}, 400, id="a member of another shape"),
    pytest.param({"data": "{", "content_type": "application/json"}, 400, id="no JSON"),
    pytest.param({"data": '{"scope":"a","scope":"b"}', "content_type": "application/json"}, 400, id="a member twice"),
    pytest.param({"data": "scope=a&scope=b&token=a&token=b&username=a&username=b"}, 400, id="a field twice"),
    pytest.param({"data": b"token=a%00"}, 400, id="NUL"),
    pytest.param({"json": {}}, 400, id="nothing in it"),
    pytest.param({}, 400, id="no body"),
    pytest.param({"data": "x", "content_type": "text/plain"}, 415, id="text"),
    pytest.param({"json": {"token": "x" * 70_000}}, 413, id="too much"),
]


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_EXCHANGE_AUDIENCES=REPORTS, WEBAPP_TOKEN_LOCATIONS="header,cookie")


def token(app, *scopes, **fields):
    return factories.api_token(app, factories.user(app, "grace"), *scopes, **fields).token


def is_refused(answer, status, error, code=None):
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert (answer.json["error"], answer.json.get("code")) == (error, code)
    assert {"type", "title", "status", "instance"} <= answer.json.keys()
    assert error in REGISTERED
    return True


@pytest.mark.parametrize(("body", "status"), UNREADABLE)
@pytest.mark.parametrize("path", [LOGIN, REFRESH, REVOKE, INTROSPECT, EXCHANGE])
def test_an_unreadable_request_is_invalid_request(app, path, body, status):
    asker = Script(app, token(app, "tokens:introspect")) if path == INTROSPECT else Script(app)
    kind = {"content_type": "application/x-www-form-urlencoded"} if "data" in body else {}
    assert is_refused(asker.post(path, **(kind | body)), status, "invalid_request")


@pytest.mark.parametrize("path", [LOGIN, REFRESH, REVOKE, INTROSPECT, EXCHANGE])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method_is_invalid_request(app, path, method):
    answer = Script(app).call(method, path)
    assert is_refused(answer, 405, "invalid_request")
    assert "POST" in answer.headers["Allow"]


def test_other_paths_have_no_oauth_error(app):
    assert "error" not in Script(app).call("PUT", "/healthz").json
    assert "error" not in Script(app).get("/protected").json


# POST /api/auth


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        pytest.param({"password": "wrong"}, 401, "invalid_grant", "credentials_invalid", id="a wrong password"),
        pytest.param({"username": "nobody"}, 401, "invalid_grant", "credentials_invalid", id="an unknown name"),
        pytest.param({"scope": "admin:write"}, 400, "invalid_scope", None, id="a scope that is not held"),
        pytest.param({"scope": "nonsense"}, 400, "invalid_scope", None, id="a scope that there is not"),
        pytest.param({"expires_in": 10**9}, 400, "invalid_request", None, id="too long a life"),
        pytest.param({"expires_in": 1}, 400, "invalid_request", None, id="too short a life"),
        pytest.param({"email": "ada@example.org"}, 400, "invalid_request", None, id="name and e-mail address"),
    ],
)
def test_error_codes_of_a_login(app, user, change, status, error, code):
    assert is_refused(Script(app).post(LOGIN, json=GOOD | change), status, error, code)


def test_an_invalid_proof_at_a_login_is_invalid_dpop_proof(app, user):
    assert is_refused(Script(app).post(LOGIN, json=GOOD, headers={"DPoP": "x"}), 400, "invalid_dpop_proof")


def test_error_code_of_a_cookie_login_from_another_site(app, user):
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = Script(app).post(LOGIN, json=GOOD | {"cookie": True}, headers=headers)
    assert is_refused(answer, 403, "invalid_request", "csrf_failed")


def test_error_code_of_a_login_without_its_second_factor(app, user):
    with_app(app, user)
    assert is_refused(Script(app).post(LOGIN, json=GOOD), 401, "invalid_grant", "mfa_required")
    answer = Script(app).post(LOGIN, json=GOOD | {"code": "000000"})
    assert is_refused(answer, 401, "invalid_grant", "credentials_invalid")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"verification_required_at": now()}, id="an e-mail address that was never verified"),
        pytest.param({"closes_at": now() + timedelta(days=3)}, id="a closed account"),
    ],
)
def test_error_code_of_a_login_to_a_closed_account(app, user, change):
    with services_of(app).get(Database).write() as db:
        for name, value in change.items():
            setattr(db.get_one(type(user), user.id), name, value)
    assert is_refused(Script(app).post(LOGIN, json=GOOD), 403, "invalid_grant")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (LOGIN, {"username": "a", "password": "b"}),
        (REFRESH, {"refresh_token": "x"}),
        (REVOKE, {"token": "x"}),
        (EXCHANGE, WHOLE | {"subject_token": "x"}),
    ],
)
def test_error_code_of_too_many_attempts(make_app, path, body):
    app = make_app(WEBAPP_EXCHANGE_AUDIENCES=REPORTS, WEBAPP_LOGIN_TRIES_PER_NETWORK="1")
    Script(app).post(path, json=body)
    answer = Script(app).post(path, json=body)
    assert is_refused(answer, 429, "temporarily_unavailable", "throttled")
    assert answer.headers["Retry-After"]


# POST /api/auth/refresh


def test_error_code_of_an_invalid_refresh_token(app):
    assert is_refused(refresh(app, "x"), 401, "invalid_grant", "refresh_invalid")


def test_error_code_of_a_reused_refresh_token(app, user):
    with time_machine.travel(now(), tick=False) as clock:
        first = log_in(app)["refresh_token"]
        refresh(app, first)
        clock.shift(60)
        assert is_refused(refresh(app, first), 401, "invalid_grant", "refresh_reused")


def test_error_code_of_a_refresh_with_a_wider_scope(app, user):
    given = log_in(app, scope="profile:read")["refresh_token"]
    assert is_refused(refresh(app, given, scope="tokens:read"), 400, "invalid_scope")


def test_error_code_of_a_refresh_with_an_invalid_proof(app, user):
    body = {"refresh_token": log_in(app)["refresh_token"]}
    assert is_refused(Script(app).post(REFRESH, json=body, headers={"DPoP": "x"}), 400, "invalid_dpop_proof")


# POST /api/auth/introspect


@pytest.mark.parametrize(
    ("sent", "status", "error", "code"),
    [
        pytest.param(lambda app: None, 401, "invalid_client", "token_missing", id="no token"),
        pytest.param(lambda app: "nonsense", 401, "invalid_token", "token_invalid", id="a bad token"),
        pytest.param(
            lambda app: token(app, "profile:read"), 403, "insufficient_scope", "scope_required", id="another scope"
        ),
    ],
)
def test_error_codes_of_introspection(app, sent, status, error, code):
    assert is_refused(Script(app, sent(app)).post(INTROSPECT, json={"token": "x"}), status, error, code)


# POST /api/auth/exchange


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"audience": "https://elsewhere.example.org"}, "invalid_target", id="an unknown service"),
        pytest.param({"scope": "tokens:read"}, "invalid_scope", id="a scope that the token lacks"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="another grant"),
        pytest.param({"subject_token_type": "x"}, "invalid_request", id="another kind of token"),
        pytest.param({"actor_token": "x"}, "invalid_request", id="an actor"),
    ],
)
def test_error_codes_of_an_exchange(app, change, error):
    body = WHOLE | {"subject_token": token(app, "profile:read")} | change
    assert is_refused(Script(app).post(EXCHANGE, json=body), 400, error)


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        pytest.param(None, "token_missing", id="none"),
        pytest.param("nonsense", "token_invalid", id="a bad one"),
    ],
)
def test_an_invalid_subject_token_is_invalid_request(app, subject, code):
    answer = Script(app).post(EXCHANGE, json=WHOLE | {"subject_token": subject})
    assert is_refused(answer, 401, "invalid_request", code)


def test_a_revoked_subject_token_is_invalid_request(app, user):
    given = factories.api_token(app, user)
    with services_of(app).get(Database).write() as db:
        lifecycle.revoke(db, user.id, given.entry.id)
    answer = Script(app).post(EXCHANGE, json=WHOLE | {"subject_token": given.token})
    assert is_refused(answer, 401, "invalid_request", "token_revoked")


def test_error_code_of_a_bound_subject_token_with_a_wrong_proof(app, user):
    given = bound_token(app, user)
    headers = {"DPoP": proof(claims_for("POST", "/elsewhere", given))}
    answer = Script(app).post(EXCHANGE, json=WHOLE | {"subject_token": given}, headers=headers)
    assert is_refused(answer, 401, "invalid_dpop_proof", "token_invalid")
