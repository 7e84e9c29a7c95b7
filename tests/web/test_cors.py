"""Pages of origins that the settings name call this site with tokens, never with cookies."""

import pytest

from tests import factories
from tests.browser import Person
from tests.script import Script
from webapp.settings import SettingsError

SPA = "https://app.example.org"
CREDENTIALS = "Access-Control-Allow-Credentials"


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_CORS_ORIGINS=f"{SPA}, http://localhost:5173")


@pytest.fixture
def token(site):
    return factories.api_token(site, factories.user(site, "ada"), "protected:read").token


def allowed(answer):
    return answer.headers.get("Access-Control-Allow-Origin")


@pytest.mark.parametrize(
    ("path", "credential", "status"),
    [
        ("/protected", "valid", 200),
        ("/public", None, 200),
        ("/openapi.json", None, 200),
        ("/protected", None, 401),
        ("/protected", "nonsense", 401),
        ("/protected/admin", "valid", 403),
        ("/nowhere", "valid", 404),
        pytest.param("/protected?" + "x" * 9000, "valid", 414, id="a URL that is too long"),
    ],
)
@pytest.mark.parametrize("origin", [SPA, "http://localhost:5173"])
def test_an_allowed_origin_can_read_every_response(site, token, origin, path, credential, status):
    script = Script(site, token if credential == "valid" else credential)
    answer = script.get(path, headers={"Origin": origin})
    assert (answer.status_code, allowed(answer)) == (status, origin)
    assert "WWW-Authenticate" in answer.headers["Access-Control-Expose-Headers"]
    assert "Origin" in answer.headers.getlist("Vary")
    assert CREDENTIALS not in answer.headers


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://app.example.org.evil.example",
        "https://sub.app.example.org",
        "https://app.example.org:8443",
        "http://app.example.org",
        "https://APP.example.org",
        "null",
        None,
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_another_origin_is_allowed_nothing_and_responses_vary_by_origin(site, token, method, origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "GET"} if origin else {}
    answer = Script(site, token).call(method, "/protected", headers=headers)
    assert answer.status_code == 200
    assert [name for name, _value in answer.headers if name.startswith("Access-Control")] == []
    assert "Origin" in answer.headers.getlist("Vary")


@pytest.mark.parametrize(
    ("path", "method"), [("/protected", "GET"), ("/tokens/new", "POST"), ("/api/auth", "POST"), ("/public", "GET")]
)
def test_a_preflight_needs_no_credential(site, path, method):
    headers = {
        "Origin": SPA,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization",
    }
    answer = Script(site).call("OPTIONS", path, headers=headers)
    assert (answer.status_code, allowed(answer)) == (200, SPA)
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"Authorization", "Content-Type", "DPoP"} == set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert CREDENTIALS not in answer.headers


def test_a_session_cookie_from_an_allowed_origin_is_refused(site):
    factories.user(site, "grace")
    person = Person(site)
    person.log_in("grace")
    person.open("/tokens/new")
    fields = {"csrf_token": person.csrf_token, "name": "stolen", "scopes": "protected:read"}
    answer = person.ask("POST", "/tokens/new", data=fields, headers={"Origin": SPA, "Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, CREDENTIALS in answer.headers) == (403, False)


def test_without_the_setting_there_is_no_cors_header(app):
    answer = Script(app).get("/public", headers={"Origin": SPA})
    assert "Access-Control-Expose-Headers" not in answer.headers
    assert "Origin" not in answer.headers.getlist("Vary")


@pytest.mark.parametrize(
    "value",
    [
        "*",
        "null",
        "app.example.org",
        "https://app.example.org/",
        "https://app.example.org/path",
        "https://app.example.org:443",
        "https://app.example.org:",
        "https://ada@app.example.org",
        "https://*.example.org",
        "https://App.example.org",
        "http://app.example.org",
        "ftp://app.example.org",
        "https://",
        "https://app.example.org:99999",
    ],
)
def test_a_setting_that_is_no_exact_origin_stops_the_start(make_app, value):
    with pytest.raises(SettingsError, match="WEBAPP_CORS_ORIGINS"):
        make_app(WEBAPP_CORS_ORIGINS=value)


def test_a_page_of_an_allowed_origin_can_log_in_and_use_its_token(site):
    user = factories.user(site, "ada")
    headers = {"Origin": SPA, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Accept": "application/json"}
    login = Script(site).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD}, headers=headers)
    assert (login.status_code, allowed(login)) == (200, SPA)
    script = Script(site, factories.api_token(site, user, "self:rotate").token)
    rotated = script.post("/tokens/self/rotate", headers=headers)
    assert (rotated.status_code, allowed(rotated)) == (201, SPA)
    assert "Set-Cookie" not in login.headers
