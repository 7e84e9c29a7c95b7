"""Tokens in cookies: off by default, checked like any token, and protected against requests of other sites."""

import pytest

from tests import factories
from tests.browser import Person
from tests.guard.cookie_browsers import CSRF, GOOD, TOKEN, change, jar
from tests.guard.example_routes import HTML, with_changes
from tests.script import Script
from tests.tables import contents


# Getting it.
def test_the_token_is_in_a_cookie_that_scripts_cannot_read_and_nowhere_else(site):
    person = Person(site)
    answer = person.ask("POST", "/api/auth", json=GOOD)
    assert set(answer.json) == {"csrf_token", "expires_in", "scope"}
    token, csrf = answer.headers.getlist("Set-Cookie")
    assert token.startswith(f"{TOKEN}=eyJ")
    assert token.endswith("; Max-Age=3600; HttpOnly; Path=/; SameSite=Strict")
    assert "HttpOnly" not in csrf
    assert csrf.endswith("; Max-Age=3600; Path=/; SameSite=Strict")
    assert "eyJ" not in answer.text
    assert answer.json["csrf_token"] == jar(person, CSRF)


def test_with_https_the_cookies_are_secure_and_only_for_this_host(make_app):
    app = make_app(WEBAPP_TOKEN_LOCATIONS="cookie", WEBAPP_BASE_URL="https://login.example.org")
    factories.user(app, "ada")
    person = Person(app, base_url="https://login.example.org")
    answer = person.ask("POST", "/api/auth", json=GOOD)
    for name, cookie in zip((TOKEN, CSRF), answer.headers.getlist("Set-Cookie"), strict=True):
        assert cookie.startswith(f"__Host-{name}=")
        assert "; Secure;" in cookie
        assert "Path=/; SameSite=Strict" in cookie
        assert "Domain" not in cookie
    assert person.ask("GET", "/protected").json["credential"] == "token"
    sent = {"X-CSRF-Token": answer.json["csrf_token"]}
    assert person.ask("POST", "/api/auth/logout", headers=sent).status_code == 204
    assert person.ask("GET", "/protected", headers={"Accept": "*/*"}).status_code == 401


@pytest.mark.parametrize("origin", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_another_site_cannot_log_in_with_a_token_cookie(site, origin):
    before = contents(site)
    answer = Script(site).post("/api/auth", json=GOOD, headers=origin)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert contents(site) == before


def test_without_the_setting_no_token_cookie_is_set_or_read(make_app, site, page):
    app = with_changes(make_app())
    answer = Script(app).post("/api/auth", json=GOOD)
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["cookie"])
    cookies = f"{TOKEN}={jar(page, TOKEN)}; {CSRF}={jar(page, CSRF)}"
    assert Script(app).get("/protected", headers={"Cookie": cookies}).json["code"] == "token_missing"
    assert Script(app).post("/api/auth/logout").status_code == 404


def test_without_the_cookie_member_the_token_is_in_the_body(site):
    answer = Person(site).ask("POST", "/api/auth", json=GOOD | {"cookie": False})
    assert "access_token" in answer.json
    assert "Set-Cookie" not in answer.headers


# What it is: a token.
@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_a_token_cookie_is_treated_as_a_token(page, accept):
    answer = page.ask("GET", "/protected", headers={"Accept": accept})
    assert (answer.json["username"], answer.json["credential"]) == ("ada", "token")
    assert "Set-Cookie" not in answer.headers


def test_a_token_cookie_never_becomes_a_session(page):
    assert page.ask("GET", "/mine", headers={"Accept": "*/*"}).json["code"] == "token_missing"
    assert jar(page, "session") is None


def test_a_token_cookie_needs_the_scope(page):
    assert page.ask("GET", "/dashboard").json["code"] == "scope_required"


# Changes.
def test_a_change_must_repeat_the_readable_cookie(page):
    assert change(page, X_CSRF_Token=jar(page, CSRF)).text == "changed"
    assert page.ask("POST", "/change", data={"csrf_token": jar(page, CSRF)}).text == "changed"


def test_a_change_without_the_right_csrf_value_is_refused(page):
    for headers in ({}, {"X_CSRF_Token": ""}, {"X_CSRF_Token": "x" * 43}, {"X_CSRF_Token": jar(page, CSRF) + "x"}):
        answer = change(page, **headers)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")


def test_the_csrf_token_of_pages_is_refused(page):
    page.open("/login")
    assert change(page, X_CSRF_Token=page.csrf_token).status_code == 403


def test_a_planted_csrf_cookie_is_refused(page):
    page.client.set_cookie(CSRF, "planted")
    assert change(page, X_CSRF_Token="planted").status_code == 403


def test_the_csrf_value_of_another_token_is_refused_even_with_its_cookie(page, site):
    other = Person(site)
    other.ask("POST", "/api/auth", json=GOOD | {"username": "grace"})
    page.client.set_cookie(CSRF, jar(other, CSRF))
    assert change(page, X_CSRF_Token=jar(other, CSRF)).status_code == 403


def test_the_csrf_value_without_its_cookie_is_refused(page):
    value = jar(page, CSRF)
    page.client.delete_cookie(CSRF)
    assert change(page, X_CSRF_Token=value).status_code == 403


@pytest.mark.parametrize("fetch_site", ["cross-site", "same-site"])
def test_a_change_from_another_site_is_refused_even_with_the_csrf_value(page, fetch_site):
    assert change(page, X_CSRF_Token=jar(page, CSRF), Sec_Fetch_Site=fetch_site).status_code == 403


def test_the_openapi_document_lists_the_cookie_where_it_is_accepted(make_app, app):
    document = Script(make_app(WEBAPP_TOKEN_LOCATIONS="header,cookie")).get("/openapi.json").json
    assert document["components"]["securitySchemes"]["tokenCookie"]["name"] == TOKEN
    assert {"tokenCookie": ["protected:read"]} in document["paths"]["/protected"]["get"]["security"]
    assert "/api/auth/logout" in document["paths"]
    assert "tokenCookie" not in Script(app).get("/openapi.json").text
