"""/oauth/token: who gets tokens for what, and what ends them."""

from datetime import timedelta

import jwt
import pytest
import time_machine

from tests import dpop_client, factories
from tests.browser import Person
from tests.oauth.app import registered, status
from tests.script import Script
from webapp.core.clock import now
from webapp.oauth import codes
from webapp.tokens.issuing import TokenIssuer
from webapp.web.registry import services_of

REFUSED = {"error", "error_description"}


def keys(site):
    return jwt.PyJWKSet.from_dict(Script(site).get("/.well-known/jwks.json").json)


def test_a_code_is_exchanged_for_tokens_of_the_user(app, person, user, wiki):
    answer = wiki.redeem(wiki.allowed_by(person, scope="openid email protected:read")["code"])
    tokens = answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert set(tokens["scope"].split()) == {"openid", "email", "protected:read"}
    read = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert (read["client_id"], read["sub"]) == (wiki.client_id, str(user.id))
    assert status(app, tokens["access_token"]) == 200
    assert status(app, tokens["access_token"], "/dashboard") == 403


def test_the_id_token_says_who_logged_in_when_and_how(app, person, user, wiki):
    tokens = wiki.log_in(person, nonce="n-9")
    issuer = app.config["BASE_URL"]
    key = keys(app)[jwt.get_unverified_header(tokens["id_token"])["kid"]]
    said = jwt.decode(tokens["id_token"], key, algorithms=["ES256"], audience=wiki.client_id, issuer=issuer)
    assert said["sub"] == str(user.id)
    assert (said["nonce"], said["acr"], said["amr"]) == ("n-9", "aal1", ["pwd"])
    assert said["auth_time"] <= said["iat"] < said["exp"] <= said["iat"] + 600
    assert (said["preferred_username"], said["email"], said["groups"]) == (user.username, user.email, ["user"])
    assert jwt.get_unverified_header(tokens["id_token"])["typ"] == "JWT"
    # An ID token opens nothing here, and an access token is no ID token.
    assert status(app, tokens["id_token"]) == 401


@pytest.mark.parametrize(
    ("scope", "claims"),
    [
        ("openid", {"sub"}),
        ("openid profile", {"sub", "name", "preferred_username", "zoneinfo"}),
        ("openid email", {"sub", "email", "email_verified"}),
        ("openid groups", {"sub", "groups"}),
        ("openid offline_access", {"sub"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_userinfo_has_the_claims_of_the_scopes(app, person, wiki, scope, claims, method):
    token = wiki.log_in(person, scope=scope)["access_token"]
    answer = Script(app, token).call(method, "/oauth/userinfo")
    assert answer.json.keys() == claims


def test_userinfo_needs_the_scope_openid_and_a_token(app, person, wiki, script):
    token = wiki.log_in(person, scope="email")["access_token"]
    for refused, code in ((Script(app, token), 403), (script, 403), (Script(app), 401)):
        answer = refused.get("/oauth/userinfo")
        assert answer.status_code == code
        assert "WWW-Authenticate" in answer.headers
    answer = person.ask("GET", "/oauth/userinfo", headers={"Accept": "application/json"})
    assert answer.status_code == 401, "a session is no token"


def test_without_openid_there_is_no_id_token(person, wiki):
    assert "id_token" not in wiki.log_in(person, scope="protected:read")


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": None},
        {"code_verifier": "x" * 43},
        {"redirect_uri": None},
        {"redirect_uri": "https://wiki.example.org/other"},
    ],
    ids=str,
)
def test_a_code_with_another_verifier_or_redirect_uri_is_refused_and_used_up(person, wiki, changed):
    code = wiki.allowed_by(person)["code"]
    answer = wiki.redeem(code, **changed)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert wiki.redeem(code).json["error"] == "invalid_grant"


def test_a_code_expires(person, wiki):
    code = wiki.allowed_by(person)["code"]
    with time_machine.travel(now() + timedelta(seconds=61), tick=False):
        assert wiki.redeem(code).json["error"] == "invalid_grant"


def test_another_app_gets_nothing_for_a_code_and_does_not_use_it_up(app, person, wiki):
    code = wiki.allowed_by(person)["code"]
    other = registered(app, "Other")
    other.verifier = wiki.verifier
    assert other.redeem(code).json["error"] == "invalid_grant"
    assert "access_token" in wiki.redeem(code).json


def test_a_second_use_of_a_code_ends_what_came_of_the_first(app, person, wiki):
    code = wiki.allowed_by(person)["code"]
    tokens = wiki.redeem(code).json
    assert wiki.redeem(code).json["error"] == "invalid_grant"
    assert status(app, tokens["access_token"], "/oauth/userinfo") == 401
    assert wiki.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"grant_type": ""},
        {"grant_type": "password", "username": "ada", "password": "x"},
        {"grant_type": "implicit"},
        {"grant_type": ["refresh_token", "refresh_token"]},
        {"grant_type": "authorization_code"},
        {"grant_type": "authorization_code", "code": "x" * 5000},
        {"grant_type": "authorization_code", "code": "\x00"},
        {"grant_type": "refresh_token"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": "client_credentials"},
    ],
    ids=lambda sent: str(sent)[:60],
)
def test_other_requests_are_refused_with_a_registered_error(wiki, sent):
    answer = wiki.post("/oauth/token", **sent)
    assert answer.status_code == 400
    assert answer.json.keys() == REFUSED
    assert answer.json["error"] in {
        *("invalid_request", "invalid_grant", "unsupported_grant_type", "unauthorized_client")
    }


def test_a_body_that_is_no_form_is_refused(wiki):
    answer = Script(wiki.site).post("/oauth/token", json={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")


def test_codes_are_deleted_an_hour_after_they_expired(app, person, wiki):
    wiki.redeem(wiki.allowed_by(person)["code"])
    for minutes, gone in ((60, 0), (62, 1)):
        with (
            time_machine.travel(now() + timedelta(minutes=minutes), tick=False),
            factories.database_of(app).write() as db,
        ):
            assert codes.purge(db) == gone


def test_a_token_of_an_app_cannot_be_exchanged_for_one_of_another_service(make_app):
    site = make_app(WEBAPP_EXCHANGE_AUDIENCES="https://files.example.org")
    wiki, person = registered(site, is_first_party=True), Person(site)
    factories.user(site, "ada")
    person.log_in("ada")
    token = wiki.redeem(wiki.authorize(person)["code"]).json["access_token"]
    sent = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "subject_token": token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "audience": "https://files.example.org",
    }
    answer = Script(site).post("/api/auth/exchange", data=sent)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert answer.json["title"] == "This token cannot be exchanged"


@pytest.mark.parametrize("path", ["/oauth/userinfo", "/protected"])
def test_a_token_of_an_app_is_bound_to_the_key_that_it_proved(app, person, path):
    wiki = registered(app, is_first_party=True, scopes=["protected:read"])
    shown = dpop_client.proof(dpop_client.claims_for("POST", "/oauth/token"))
    tokens = wiki.redeem(wiki.authorize(person, scope="openid protected:read")["code"], headers={"DPoP": shown}).json
    assert tokens["token_type"] == "DPoP"
    claims = dpop_client.claims_for("GET", path, tokens["access_token"])
    by_other = dpop_client.proof(claims, dpop_client.header_of(dpop_client.OTHER), key=dpop_client.OTHER)
    for proven, scheme, code in (
        (dpop_client.proof(claims), "DPoP", 200),
        (None, "Bearer", 401),
        (by_other, "DPoP", 401),
    ):
        assert dpop_client.call(app, tokens["access_token"], proven, scheme=scheme, path=path).status_code == code
    code = wiki.authorize(person)["code"]
    assert wiki.redeem(code, headers={"DPoP": shown}).json["error"] == "invalid_dpop_proof"
    assert "access_token" in wiki.redeem(code).json, "a proof that was sent before uses up no code"


def test_the_dashboard_offers_no_endpoint_of_apps(person):
    assert "/oauth/userinfo" not in person.open("/dashboard").text


def test_too_many_tokens_are_refused_in_ascii(make_app):
    site = make_app(WEBAPP_TOKENS_PER_USER="1")
    wiki, person = registered(site, is_first_party=True), Person(site)
    factories.user(site, "ada")
    person.log_in("ada")
    codes_of_two = [wiki.authorize(person)["code"] for _ in range(2)]
    assert wiki.redeem(codes_of_two[0]).status_code == 200
    answer = wiki.redeem(codes_of_two[1], headers={"Accept-Language": "de"})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert "maximum number" in answer.json["error_description"]


def test_claims_of_plugins_are_in_id_token_and_userinfo_and_replace_none(app, person, wiki, user):
    hook = services_of(app).get(TokenIssuer).adds_claims
    hook(lambda user_id, scopes: {"tenant": "north", "name": "Somebody else"} if "profile" in scopes else {})
    hook(lambda user_id, _scopes: {"number": user_id.int % 10})
    tokens = wiki.log_in(person)
    userinfo = Script(app, tokens["access_token"]).get("/oauth/userinfo").json
    for claims in (jwt.decode(tokens["id_token"], options={"verify_signature": False}), userinfo):
        assert (claims["tenant"], claims["name"], claims["sub"]) == ("north", "ada", str(user.id))
        assert claims["number"] == user.id.int % 10
