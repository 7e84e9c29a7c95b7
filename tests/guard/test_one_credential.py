"""The presented credential decides alone: a token beside a cookie, Basic, and other schemes."""

from base64 import b64encode

import pytest

from tests import factories, restored_site
from tests.browser import Person
from tests.guard.example_routes import HTML, with_changes
from tests.script import Script
from tests.tables import contents

restored, app = restored_site.fixtures(routes=with_changes)


@pytest.fixture
def site(app):
    return app


@pytest.fixture
def token(site, user):
    return factories.api_token(site, user).token


@pytest.fixture
def logged_in(person):
    """A browser with a good cookie."""
    return person


def basic(user, password):
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_bearer_is_accepted_in_any_letter_case(site, token, scheme):
    assert Script(site).get("/protected", headers={"Authorization": f"{scheme} {token}"}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Bearer", id="the scheme alone"),
        pytest.param("Bearer ", id="no token after it"),
        pytest.param("Bearer nonsense", id="nonsense"),
        pytest.param("Bearer {token}x", id="a token with a letter too many"),
        pytest.param("Bearer {token} {token}", id="two tokens"),
        pytest.param("Bearer {token}, Bearer {token}", id="two credentials"),
        pytest.param("Bearer {token},Bearer {token}", id="two credentials without a space"),
        pytest.param("Bearer {token}, Basic eDp5", id="a token and a password"),
        pytest.param("Bearer\t{token}x", id="a tab in place of the space"),
        pytest.param('Bearer "{token}"', id="a token in quotes"),
        pytest.param("Bearer token={token}", id="a token with a name"),
        pytest.param("Basic", id="Basic alone"),
        pytest.param("Basic !!!", id="Basic that is not base64"),
        pytest.param("Basic eDp5, Bearer {token}", id="a password and a token"),
        pytest.param("Basic " + b64encode(b"ada").decode(), id="Basic without a password"),
        pytest.param("Basic " + b64encode(b"ada:").decode(), id="Basic with an empty password"),
        pytest.param("Basic " + b64encode(f"ada:{factories.PASSWORD}".encode()).decode(), id="Basic with the password"),
        pytest.param("Basic " + b64encode(b"ada:\xff\xfe").decode(), id="Basic with broken UTF-8"),
        pytest.param("basic " + b64encode(b":x").decode(), id="Basic in small letters"),
    ],
)
def test_an_invalid_credential_is_401_and_a_valid_cookie_is_not_tried(logged_in, token, header):
    for accept in (HTML, "*/*"):
        sent = {"Authorization": header.replace("{token}", token), "Accept": accept}
        answer = logged_in.ask("GET", "/protected", headers=sent)
        assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Negotiate YII=", id="Negotiate"),
        pytest.param('Digest username="ada"', id="Digest"),
        pytest.param("Bearers abc", id="a scheme that only begins like ours"),
        pytest.param("", id="an empty header"),
        pytest.param("AWS4-HMAC-SHA256 Credential=x", id="that of a cloud"),
    ],
)
def test_another_scheme_is_ignored_and_the_cookie_used(logged_in, header):
    answer = logged_in.ask("GET", "/protected", headers={"Authorization": header, "Accept": "*/*"})
    assert answer.json["credential"] == "session"


@pytest.mark.parametrize("cookie", ["garbage", "a.b.c", "", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb", "x" * 3000, "ÿ\x01"])
def test_a_valid_token_works_with_an_invalid_cookie_and_sets_none(site, token, cookie):
    answer = Script(site, token).get("/protected", headers={"Cookie": f"session={cookie}; known={cookie}"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_with_a_token_and_a_cookie_of_another_user_the_token_counts(site, token):
    grace = factories.user(site, "grace")
    person = Person(site)
    person.log_in(grace.username)
    answer = person.ask("GET", "/protected", headers={"Authorization": f"Bearer {token}"})
    assert (answer.json["username"], answer.json["credential"]) == ("ada", "token")


def test_a_token_works_with_the_cookie_of_an_ended_session(logged_in, token):
    copied = logged_in.cookie
    logged_in.open("/logout")
    logged_in.press("Log out")
    answer = Script(logged_in.app, token).get("/protected", headers={"Cookie": f"session={copied}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/protected"),
        ("GET", "/protected/admin"),
        ("GET", "/dashboard"),
        ("GET", "/tokens"),
        ("GET", "/login"),
        ("GET", "/public"),
        ("GET", "/"),
        ("GET", "/nowhere"),
        ("GET", "/logout"),
        ("POST", "/login"),
        ("POST", "/logout"),
        ("POST", "/tokens/new"),
        ("POST", "/change"),
        ("POST", "/api/auth"),
        ("OPTIONS", "/protected"),
    ],
)
def test_a_request_with_a_token_sets_no_cookie(logged_in, token, method, path):
    for credential in (f"Bearer {token}", "Bearer nonsense", "Basic x"):
        answer = logged_in.ask(method, path, headers={"Authorization": credential})
        assert "Set-Cookie" not in answer.headers, credential


def test_a_token_never_becomes_a_session(site, token, user):
    before = contents(site)
    body = {"username": user.username, "password": factories.PASSWORD}
    answer = Script(site, token).post("/login", json=body)
    assert (answer.status_code, answer.json["required"]) == (403, ["session"])
    assert contents(site) == before


def test_a_change_with_a_token_needs_no_csrf_token(site, token):
    assert Script(site, token).post("/change").text == "changed"


def test_a_change_with_a_token_is_accepted_from_any_origin(site, token):
    headers = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert Script(site, token).post("/change", headers=headers).status_code == 200


@pytest.mark.parametrize("name", ["", "ada", "somebody else", "x-token"])
def test_a_token_as_basic_password_is_accepted_with_any_user_name(site, token, name):
    answer = Script(site).get("/protected", headers=basic(name, token))
    assert answer.json["credential"] == "token"


def test_a_change_by_basic_is_accepted_from_a_script(site, token):
    assert Script(site).post("/change", headers=basic("x", token)).status_code == 200


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour under the same domain"),
        pytest.param({"Origin": "https://evil.example"}, id="another origin"),
        pytest.param({"Origin": "null"}, id="an origin that hides"),
    ],
)
def test_a_change_by_basic_from_another_site_is_refused(site, token, origin):
    answer = Script(site).post("/change", headers=basic("x", token) | origin)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")


def test_reading_by_basic_from_another_site_is_allowed(site, token):
    headers = basic("x", token) | {"Sec-Fetch-Site": "cross-site"}
    assert Script(site).get("/change", headers=headers).status_code == 200


def test_basic_is_ignored_by_the_login_form(logged_in, token):
    answer = logged_in.ask("POST", "/login", headers=basic("x", token), data={"username": "ada"})
    assert answer.status_code == 403
