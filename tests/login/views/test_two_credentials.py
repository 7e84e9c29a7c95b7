"""A token in the form must be the only credential: a second one is refused, other schemes are ignored."""

from base64 import b64encode

import pytest

from tests import factories
from tests.dpop_client import bound_token, claims_for, proof
from tests.login.exchange_calls import REPORTS, WHOLE
from tests.login.scripts import log_in, refresh
from tests.script import Script
from tests.tables import contents

IGNORED = [
    pytest.param({}, id="nothing"),
    pytest.param({"Authorization": "Negotiate YII="}, id="Negotiate"),
    pytest.param({"Authorization": 'Digest username="ada"'}, id="Digest"),
    pytest.param({"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, id="the scheme of a cloud"),
    pytest.param({"Authorization": "Bearers x"}, id="a scheme that only begins like ours"),
    pytest.param({"Authorization": ""}, id="an empty header"),
    pytest.param({"Cookie": "session=x; token={other}"}, id="cookies"),
]
REFUSED = [
    pytest.param({"Authorization": "Bearer {other}"}, id="a good token of another"),
    pytest.param({"Authorization": "DPoP {other}"}, id="a good token of another, as if bound"),
    pytest.param({"Authorization": "Basic {other}"}, id="a good token of another as the password of Basic"),
    pytest.param({"Authorization": "Bearer nonsense"}, id="a bad token"),
    pytest.param({"Authorization": "Bearer"}, id="a scheme without a token"),
    pytest.param({"Authorization": "Bearer {other}, Bearer {other}"}, id="two of them"),
    pytest.param({"Authorization": "Basic !!!"}, id="Basic that is not base64"),
    pytest.param({"Authorization": "Basic Y2xpZW50OnNlY3JldA=="}, id="the id and secret of a client"),
    pytest.param({"Authorization": "Basic YWRhOg=="}, id="Basic without a password"),
]


def filled(value, token):
    as_basic = b64encode(f"x:{token}".encode()).decode()
    return value.replace("Basic {other}", f"Basic {as_basic}").replace("{other}", token)


@pytest.fixture
def build(make_app):
    def made(locations):
        app = make_app(WEBAPP_EXCHANGE_AUDIENCES=REPORTS, WEBAPP_TOKEN_LOCATIONS=locations)
        user = factories.user(app, "ada")
        return app, user, factories.api_token(app, user).token

    return made


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_EXCHANGE_AUDIENCES=REPORTS)


def of_exchange(app, user):
    return "/api/auth/exchange", WHOLE | {"subject_token": factories.api_token(app, user).token}


def of_refresh(app, user):
    return "/api/auth/refresh", {"refresh_token": log_in(app)["refresh_token"]}


def of_revoking_access(app, user):
    return "/api/auth/revoke", {"token": log_in(app)["access_token"]}


def of_revoking_refresh(app, user):
    return "/api/auth/revoke", {"token": log_in(app)["refresh_token"]}


def of_login(app, user):
    return "/api/auth", {"username": "ada", "password": factories.PASSWORD}


FAMILY = [of_exchange, of_refresh, of_revoking_access, of_revoking_refresh, of_login]
# Those whose credential is a token that the header could carry as well.
TOKENS = [of_exchange, of_revoking_access]


@pytest.mark.parametrize("headers", IGNORED)
@pytest.mark.parametrize("member", FAMILY)
def test_a_header_that_is_no_credential_is_ignored(build, member, headers):
    app, user, other = build("header,query,cookie")
    path, body = member(app, user)
    headers = {name: filled(value, other) for name, value in headers.items()}
    answer = Script(app).post(path, json=body, headers=headers)
    assert answer.status_code == 200, answer.json


@pytest.mark.parametrize("query", ["?token=x", "?token={other}", "?access_token={other}&other=token=x"])
@pytest.mark.parametrize("member", FAMILY)
def test_a_query_string_is_refused_with_a_form(build, member, query):
    app, user, other = build("header,query,cookie")
    path, body = member(app, user)
    before = contents(app)
    answer = Script(app).post(path + query.replace("{other}", other), json=body)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert other not in answer.text
    assert contents(app) == before


@pytest.mark.parametrize("locations", ["header", "cookie", "query"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Negotiate x"}])
def test_a_token_in_the_form_is_accepted_whatever_the_token_locations(build, headers, locations):
    app, user, _ = build(locations)
    path, body = of_exchange(app, user)
    assert Script(app).post(path, json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("headers", REFUSED)
@pytest.mark.parametrize("member", FAMILY)
def test_a_second_credential_is_400_and_changes_nothing(app, user, member, headers):
    other = factories.api_token(app, user).token
    path, body = member(app, user)
    before = contents(app)
    headers = {name: filled(value, other) for name, value in headers.items()}
    answer = Script(app).post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert contents(app) == before
    assert Script(app).post(path, json=body).status_code == 200


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
@pytest.mark.parametrize("member", TOKENS)
def test_the_same_token_in_both_places_counts_as_one(app, user, member, scheme):
    path, body = member(app, user)
    token = body.get("subject_token") or body["token"]
    headers = {"Authorization": filled(f"{scheme} {{other}}", token)}
    assert Script(app).post(path, json=body, headers=headers).status_code == 200


@pytest.mark.parametrize("extra", [{}, {"Authorization": "Negotiate x"}])
def test_a_bound_token_in_the_form_is_exchanged_with_its_proof(app, user, extra):
    given = bound_token(app, user)
    headers = {"DPoP": proof(claims_for("POST", "/api/auth/exchange", given))} | extra
    answer = Script(app).post("/api/auth/exchange", json=WHOLE | {"subject_token": given}, headers=headers)
    assert (answer.status_code, answer.json["token_type"]) == (200, "DPoP")
    assert Script(app).post("/api/auth/exchange", json=WHOLE | {"subject_token": given}).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"Authorization": "Negotiate x"}, id="Negotiate"),
        pytest.param({"Authorization": "Basic Y2xpZW50OnNlY3JldA=="}, id="the id and secret of a client"),
        pytest.param({"Authorization": "Bearer nonsense"}, id="a bad token"),
        pytest.param({"Cookie": "token={other}"}, id="a token in a cookie"),
    ],
)
def test_introspection_reads_its_credential_only_from_the_header(build, headers):
    app, user, other = build("header,query,cookie")
    asker = factories.api_token(app, user, "tokens:introspect").token
    sent = {name: filled(value, asker) for name, value in headers.items()}
    answer = Script(app).post(f"/api/auth/introspect?token={asker}", json={"token": other}, headers=sent)
    assert answer.status_code == 401
    for scheme in ("Bearer", "Basic"):
        sent = {"Authorization": filled(f"{scheme} {{other}}", asker)}
        answer = Script(app).post("/api/auth/introspect", json={"token": other}, headers=sent)
        assert answer.json["active"]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/auth/exchange", WHOLE), ("/api/auth/introspect", {"token": "x"})],
    ids=["exchange", "introspect"],
)
def test_basic_from_another_site_is_refused(app, user, path, body):
    token = factories.api_token(app, user, "tokens:introspect", "protected:read").token
    headers = {"Authorization": filled("Basic {other}", token), "Sec-Fetch-Site": "cross-site"}
    answer = Script(app).post(path, json=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")


def test_a_refused_second_credential_does_not_use_up_the_refresh_token(app, user):
    answer = log_in(app)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    body = {"refresh_token": answer["refresh_token"]}
    assert Script(app).post("/api/auth/refresh", json=body, headers=headers).status_code == 400
    assert refresh(app, answer["refresh_token"]).status_code == 200
