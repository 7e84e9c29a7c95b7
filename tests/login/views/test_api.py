"""POST /api/auth: name and password for an access token."""

import jwt as pyjwt
import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events

GOOD = {"username": "ada", "password": factories.PASSWORD}


def auth(app, body=GOOD, **kwargs):
    return Script(app).post("/api/auth", json=body, **kwargs)


def test_a_right_password_returns_a_token_response_of_rfc_6749(app, user):
    answer = auth(app)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert set(answer.json) == {
        *("access_token", "token_type", "expires_in", "scope"),
        *("refresh_token", "refresh_expires_in"),
    }
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("Bearer", 3600)
    assert answer.json["refresh_expires_in"] == 14 * 86400
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_has_the_scopes_of_the_response(app, user):
    script = Script(app, auth(app).json["access_token"])
    assert script.get("/protected").status_code == 200


def test_without_a_scope_the_token_can_only_read(app, user):
    scopes = auth(app).json["scope"].split()
    assert scopes
    assert all(scope.endswith(":read") for scope in scopes)
    assert not [scope for scope in scopes if scope.startswith("admin")]


def test_exactly_the_requested_scopes_are_granted(app, user):
    assert auth(app, GOOD | {"scope": "tokens:read profile:read"}).json["scope"] == "profile:read tokens:read"


def test_the_claims_are_those_of_rfc_9068_without_roles(app, user):
    token = auth(app).json["access_token"]
    claims = pyjwt.decode(token, options={"verify_signature": False})
    of_the_token = {"iss", "aud", "sub", "client_id", "jti", "iat", "exp", "scope"}
    assert set(claims) == of_the_token | {"auth_time", "acr", "amr"}
    assert pyjwt.get_unverified_header(token)["typ"] == "at+jwt"
    assert claims["sub"] == str(user.id)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(GOOD, id="by name"),
        pytest.param({"email": "ada@example.org", "password": factories.PASSWORD}, id="by address"),
        pytest.param(
            {"username": "ada@example.org", "password": factories.PASSWORD}, id="by address in place of the name"
        ),
    ],
)
def test_name_or_email_address_is_accepted_as_json_and_as_a_form(app, user, body):
    assert auth(app, body).status_code == 200
    assert Script(app).post("/api/auth", data=body).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"password": ""}, "password", id="no password"),
        pytest.param({"password": None}, "password", id="a password of null"),
        pytest.param({"username": ""}, "username", id="neither name nor address"),
        pytest.param({"email": "ada@example.org"}, "username", id="both name and address"),
        pytest.param({"username": "x" * 1001}, "username", id="a name too long"),
        pytest.param({"expires_in": 59}, "expires_in", id="less than a minute"),
        pytest.param({"expires_in": -1}, "expires_in", id="less than nothing"),
        pytest.param({"expires_in": "soon"}, "expires_in", id="a length in words"),
        pytest.param({"expires_in": 31536001}, "expires_in", id="more than the policy"),
        pytest.param({"expires_in": 10**300}, "expires_in", id="a number of 300 digits"),
        pytest.param({"expires_in": 10**4000}, "expires_in", id="a number of 4000 digits"),
        pytest.param({"scope": "admin:write"}, "scope", id="a scope that is not held"),
        pytest.param({"scope": "nonsense"}, "scope", id="a scope that there is none of"),
        pytest.param({"scope": "x" * 1001}, "scope", id="a scope too long"),
    ],
)
def test_a_missing_or_malformed_field_is_400_and_creates_nothing(app, user, change, field):
    before = contents(app)
    answer = auth(app, GOOD | change)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert answer.json["errors"][field]
    assert contents(app) == before


def test_an_empty_body_is_400(app, user):
    assert Script(app).post("/api/auth").status_code == 400


@pytest.mark.parametrize("seconds", [60, 3600, 31536000, "86400"])
def test_a_lifetime_within_the_limits_is_granted(app, user, seconds):
    assert auth(app, GOOD | {"expires_in": seconds}).json["expires_in"] == int(seconds)


def test_a_wrong_password_is_401_with_a_challenge(app, user):
    answer = auth(app, GOOD | {"password": "wrong"})
    assert (answer.status_code, answer.json["code"]) == (401, "credentials_invalid")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Latchkey"'


def test_a_scope_that_the_user_lacks_is_reported_only_with_the_right_password(app, user):
    answer = auth(app, GOOD | {"password": "wrong", "scope": "admin:write"})
    assert answer.status_code == 401


def test_a_script_login_reads_no_cookie_and_sets_none(person):
    answer = person.ask("POST", "/api/auth", json=GOOD | {"password": "wrong"})
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    answer = person.ask("POST", "/api/auth", json=GOOD)
    assert "Set-Cookie" not in answer.headers


def test_a_get_is_405(person):
    """Flask-Security, CVE-2021-21241: a GET of the login answered with the user's token."""
    for path in ("/api/auth", "/login", "/confirm", "/tokens/new"):
        assert "eyJ" not in person.ask("GET", path, headers={"Accept": "application/json"}).text
    assert person.ask("GET", "/api/auth").status_code == 405


@pytest.mark.parametrize("name", ["role", "roles", "is_admin", "user_id", "sub", "jti", "origin", "id"])
def test_unknown_members_are_refused(app, user, name):
    before = contents(app)
    answer = auth(app, GOOD | {name: "super_admin"})
    assert (answer.status_code, answer.json["error"], list(answer.json["errors"])) == (400, "invalid_request", [name])
    assert contents(app) == before


def test_an_access_token_is_an_audit_event_and_listed_by_its_login(app, user, person):
    auth(app)
    (minted,) = events(app, "token.minted")
    assert '"api"' in minted["details"]
    page = person.open("/tokens").text
    assert "curl/8.5.0" in page
    assert "api-" not in page


def test_a_browser_gets_a_page_only_for_a_refusal(app, user):
    person = Person(app)
    assert person.ask("POST", "/api/auth", json=GOOD).mimetype == "application/json"
