"""Where a token is looked for: header, query, cookie; the first one found decides."""

from itertools import product

import pytest

from tests import factories
from tests.browser import Person
from tests.guard.cookie_browsers import GOOD, TOKEN, jar
from tests.guard.example_routes import add, plain
from tests.script import Script
from tests.tables import account
from webapp.guard import require
from webapp.settings import SettingsError

STATES = ("none", "good", "bad")


def header_of(site, state):
    token = factories.api_token(site, account(site, "grace")).token if state == "good" else "nonsense"
    return {} if state == "none" else {"Authorization": f"Bearer {token}"}


def used_credential(header, cookie, session):
    """Who speaks, by the order: header, cookie, session; the first that is there, and no other after it."""
    for name, state in (("grace", header), ("ada", cookie), ("boss", session)):
        if state != "none":
            return name if state == "good" else None
    return None


@pytest.mark.parametrize(("header", "cookie", "session"), list(product(STATES, STATES, STATES)))
def test_the_first_credential_present_is_used_and_no_other_is_tried(browser, site, header, cookie, session):
    person = browser(cookie=cookie, session=session)
    answer = person.ask("GET", "/protected", headers={"Accept": "*/*"} | header_of(site, header))
    expected = used_credential(header, cookie, session)
    if expected is None:
        assert answer.status_code == 401
    else:
        assert answer.json["username"] == expected
        assert answer.json["credential"] == ("session" if expected == "boss" else "token")


@pytest.mark.parametrize(("header", "cookie", "session"), list(product(STATES, STATES, STATES)))
def test_a_change_needs_the_csrf_token_of_its_credential(browser, site, header, cookie, session):
    person = browser(cookie=cookie, session=session)
    expected = used_credential(header, cookie, session)
    answer = person.ask("POST", "/change", headers={"Accept": "*/*"} | header_of(site, header))
    assert answer.status_code == (401 if expected is None else 200 if expected == "grace" else 403)


@pytest.mark.parametrize("cookie", STATES)
def test_a_token_in_a_location_that_is_not_allowed_is_not_read(browser, site, cookie):
    person = browser(cookie=cookie, session="good")
    assert person.ask("GET", "/mine").text == "mine"
    assert person.ask("GET", "/all").text == "all"
    person.open("/logout")
    token = person.csrf_token
    assert person.ask("POST", "/mine", headers={"X-CSRF-Token": token}).text == "mine"
    assert person.ask("POST", "/all", headers={"X-CSRF-Token": token}).text == "all"


def test_two_token_cookies_are_refused(site, page):
    cookie = f"{TOKEN}={jar(page, TOKEN)}; {TOKEN}={jar(page, TOKEN)}"
    assert Script(site).get("/protected", headers={"Cookie": cookie}).json["code"] == "token_invalid"


@pytest.mark.parametrize("header", ["Negotiate YII=", "Digest username=x"])
def test_another_scheme_is_ignored_and_the_cookie_used(page, header):
    assert page.ask("GET", "/protected", headers={"Authorization": header}).json["credential"] == "token"


@pytest.mark.parametrize("value", ["", "cookies", "header,body", "HEADER"])
def test_an_unknown_location_stops_the_start(make_app, value):
    with pytest.raises(SettingsError, match="one or more of header, query, cookie"):
        make_app(WEBAPP_TOKEN_LOCATIONS=value)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_without_the_header_location_a_header_token_is_refused_and_no_cookie_tried(make_app, scheme):
    app = make_app(WEBAPP_TOKEN_LOCATIONS="cookie")
    user = factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    sent = {"Authorization": f"{scheme} {factories.api_token(app, user).token}"}
    assert person.ask("GET", "/protected", headers=sent).json["code"] == "token_invalid"


@pytest.mark.parametrize(
    "settings",
    [
        {"WEBAPP_TOKEN_IN_QUERY": "true"},
        {"WEBAPP_TOKEN_LOCATIONS": "header,query"},
        {"WEBAPP_TOKEN_IN_QUERY": "true", "WEBAPP_TOKEN_LOCATIONS": "cookie"},
    ],
)
def test_the_url_location_is_allowed_by_either_setting(make_app, settings):
    app = make_app(**settings)
    token = factories.api_token(app, factories.user(app, "ada")).token
    assert Script(app).get(f"/protected?token={token}").json["credential"] == "token"


@pytest.mark.parametrize("state", ["good", "bad"])
def test_a_token_in_the_url_is_used_before_the_cookie(make_app, state):
    app = make_app(WEBAPP_TOKEN_LOCATIONS="query,cookie")
    factories.user(app, "ada")
    grace = factories.user(app, "grace")
    token = factories.api_token(app, grace).token if state == "good" else "nonsense"
    person = Person(app)
    person.ask("POST", "/api/auth", json=GOOD)
    answer = person.ask("GET", f"/protected?token={token}")
    assert answer.json["username"] == "grace" if state == "good" else answer.status_code == 401


RULES = {
    "/feed": require(scope="protected:read", token_in_query=True),
    "/plain": require(scope="protected:read"),
}


@pytest.fixture(params=["header", "header,query"])
def feeds(request, make_app):
    app = make_app(WEBAPP_TOKEN_LOCATIONS=request.param)
    for path, rule in RULES.items():
        add(app, path, rule(plain("in")), methods=["GET", "POST"])
    return app, request.param


def test_a_view_that_says_so_takes_a_token_from_the_url_and_only_with_get(feeds):
    app, locations = feeds
    token = factories.api_token(app, factories.user(app, "ada")).token
    for path, method, sent in product(RULES, ("GET", "POST"), (token, "nonsense", f"{token}&token={token}")):
        answer = Script(app).call(method, f"{path}?token={sent}")
        is_read = method == "GET" and (path == "/feed" or "query" in locations)
        expected = 200 if is_read and sent == token else 401
        assert (path, method, answer.status_code) == (path, method, expected)
        if expected == 200:
            assert answer.headers["Cache-Control"] == "private, no-store"
            assert "Set-Cookie" not in answer.headers
    assert Script(app).get(f"/nowhere?token={token}").status_code == 404
    person = Person(app)
    person.log_in("ada")
    assert person.ask("GET", "/feed?token=nonsense").status_code == 401
    assert person.ask("GET", "/plain?token=nonsense").status_code == (401 if "query" in locations else 200)


def test_a_token_in_the_url_of_a_view_is_not_accepted_beside_one_in_the_header(feeds):
    app, _locations = feeds
    script = Script(app, factories.api_token(app, factories.user(app, "ada")).token)
    assert script.get(f"/feed?token={script.token}").json["code"] == "token_invalid"
    assert script.get("/feed").status_code == 200
