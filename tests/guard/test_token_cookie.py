"""A token in a cookie: off unless named, a token in every respect, and worth nothing to another site."""

from datetime import timedelta
from itertools import product

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.guard.doors import HTML, add, plain, with_changes
from tests.script import Script
from tests.tables import contents
from webapp.accounts import browsing
from webapp.credentials import lifecycle as credentials
from webapp.guard import public, require
from webapp.kernel.clock import now
from webapp.settings import SettingsError
from webapp.tokens import script_logins

GOOD = {"username": "ada", "password": factories.PASSWORD, "scope": "protected:read", "cookie": True}
TOKEN, CSRF = "access_token", "csrf_access_token"


@pytest.fixture
def house(make_app):
    app = with_changes(make_app(WEBAPP_TOKEN_LOCATIONS="header, cookie"))
    add(app, "/mine", require(session=True)(plain("mine")), methods=["GET", "POST"])
    add(app, "/all", public(plain("all")), methods=["GET", "POST"])
    factories.user(app, "ada")
    factories.user(app, "grace")
    return app


@pytest.fixture
def page(house):
    """A page of somebody's own at Ada's browser, which has logged in by script."""
    person = Person(house)
    assert person.ask("POST", "/api/auth", json=GOOD).status_code == 200
    return person


def jar(person, name):
    found = person.client.get_cookie(name)
    return found.value if found else None


def change(person, **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return person.ask("POST", "/change", headers=sent)


# Getting it.


def test_the_token_is_in_a_cookie_that_scripts_cannot_read_and_nowhere_else(house):
    person = Person(house)
    answer = person.ask("POST", "/api/auth", json=GOOD)
    assert set(answer.json) == {"csrf_token", "expires_in", "scope"}
    token, csrf = answer.headers.getlist("Set-Cookie")
    assert token.startswith(f"{TOKEN}=eyJ")
    assert token.endswith("; Max-Age=3600; HttpOnly; Path=/; SameSite=Strict")
    assert "HttpOnly" not in csrf
    assert csrf.endswith("; Max-Age=3600; Path=/; SameSite=Strict")
    assert "eyJ" not in answer.text
    assert answer.json["csrf_token"] == jar(person, CSRF)


def test_with_https_the_cookies_are_secure_and_of_this_host_alone(make_app):
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
def test_another_site_logs_nobody_in_by_it(house, origin):
    before = contents(house)
    answer = Script(house).post("/api/auth", json=GOOD, headers=origin)
    assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")
    assert contents(house) == before


def test_where_no_cookie_is_named_none_is_given_and_none_counts(make_app, house, page):
    app = with_changes(make_app())
    answer = Script(app).post("/api/auth", json=GOOD)
    assert (answer.status_code, list(answer.json["errors"])) == (400, ["cookie"])
    cookies = f"{TOKEN}={jar(page, TOKEN)}; {CSRF}={jar(page, CSRF)}"
    assert Script(app).get("/protected", headers={"Cookie": cookies}).json["code"] == "token_missing"
    assert Script(app).post("/api/auth/logout").status_code == 404


def test_without_the_word_the_answer_is_as_ever(house):
    answer = Person(house).ask("POST", "/api/auth", json=GOOD | {"cookie": False})
    assert "access_token" in answer.json
    assert "Set-Cookie" not in answer.headers


# What it is: a token.


@pytest.mark.parametrize("accept", [HTML, "*/*"])
def test_it_is_a_token_and_is_answered_as_one(page, accept):
    answer = page.ask("GET", "/protected", headers={"Accept": accept})
    assert (answer.json["username"], answer.json["credential"]) == ("ada", "token")
    assert "Set-Cookie" not in answer.headers


def test_it_never_becomes_a_session(page):
    assert page.ask("GET", "/mine", headers={"Accept": "*/*"}).json["code"] == "token_missing"
    assert jar(page, "session") is None


def test_what_it_may_is_asked_of_it(page):
    assert page.ask("GET", "/dashboard").json["code"] == "scope_required"


# Changes.


def test_a_change_repeats_the_readable_cookie(page):
    assert change(page, X_CSRF_Token=jar(page, CSRF)).text == "changed"
    assert page.ask("POST", "/change", data={"csrf_token": jar(page, CSRF)}).text == "changed"


def test_a_change_that_repeats_nothing_or_something_else_is_refused(page):
    for headers in ({}, {"X_CSRF_Token": ""}, {"X_CSRF_Token": "x" * 43}, {"X_CSRF_Token": jar(page, CSRF) + "x"}):
        answer = change(page, **headers)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")


def test_the_csrf_token_of_the_pages_is_none_here(page):
    page.open("/login")
    assert change(page, X_CSRF_Token=page.csrf_token).status_code == 403


def test_a_planted_cookie_that_is_repeated_does_not_help(page):
    page.client.set_cookie(CSRF, "planted")
    assert change(page, X_CSRF_Token="planted").status_code == 403


def test_the_value_of_another_token_does_not_help_even_when_its_cookie_is_planted(page, house):
    other = Person(house)
    other.ask("POST", "/api/auth", json=GOOD | {"username": "grace"})
    page.client.set_cookie(CSRF, jar(other, CSRF))
    assert change(page, X_CSRF_Token=jar(other, CSRF)).status_code == 403


def test_the_right_value_without_its_cookie_is_no_double_submit(page):
    value = jar(page, CSRF)
    page.client.delete_cookie(CSRF)
    assert change(page, X_CSRF_Token=value).status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_changes_nothing_even_with_the_value(page, site):
    assert change(page, X_CSRF_Token=jar(page, CSRF), Sec_Fetch_Site=site).status_code == 403


# What is beside it: the header, the address, the session.

STATES = ("none", "good", "bad")


def header_of(house, state):
    token = factories.api_token(house, of(house, "grace")).token if state == "good" else "nonsense"
    return {} if state == "none" else {"Authorization": f"Bearer {token}"}


def of(house, name):
    with house.extensions["database"].read() as db:
        return browsing.named(db, name)


def browser_with(house, *, cookie, session):
    """Ada's token in the cookie, and Boss's session."""
    person = Person(house)
    factories.user(house, "boss")
    if session != "none":
        person.log_in("boss")
    if session == "bad":
        twin = Person(house)
        twin.client.set_cookie("session", person.cookie)
        twin.open("/logout")
        twin.press("Log out")
    if cookie != "none":
        person.ask("POST", "/api/auth", json=GOOD)
    if cookie == "bad":
        person.client.set_cookie(TOKEN, "nonsense")
    return person


def spoken(header, cookie, session):
    """Who speaks, by the order: header, cookie, session; the first that is there, and no other after it."""
    for name, state in (("grace", header), ("ada", cookie), ("boss", session)):
        if state != "none":
            return name if state == "good" else None
    return None


@pytest.mark.parametrize(("header", "cookie", "session"), list(product(STATES, STATES, STATES)))
def test_the_first_that_is_there_speaks_and_none_stands_in_for_one_before_it(house, header, cookie, session):
    person = browser_with(house, cookie=cookie, session=session)
    answer = person.ask("GET", "/protected", headers={"Accept": "*/*"} | header_of(house, header))
    expected = spoken(header, cookie, session)
    if expected is None:
        assert answer.status_code == 401
    else:
        assert answer.json["username"] == expected
        assert answer.json["credential"] == ("session" if expected == "boss" else "token")


@pytest.mark.parametrize(("header", "cookie", "session"), list(product(STATES, STATES, STATES)))
def test_a_change_asks_for_what_its_credential_asks_for(house, header, cookie, session):
    person = browser_with(house, cookie=cookie, session=session)
    expected = spoken(header, cookie, session)
    answer = person.ask("POST", "/change", headers={"Accept": "*/*"} | header_of(house, header))
    assert answer.status_code == (401 if expected is None else 200 if expected == "grace" else 403)


@pytest.mark.parametrize("cookie", STATES)
def test_where_no_token_may_go_it_is_not_looked_at(house, cookie):
    person = browser_with(house, cookie=cookie, session="good")
    assert person.ask("GET", "/mine").text == "mine"
    assert person.ask("GET", "/all").text == "all"
    person.open("/logout")
    token = person.csrf_token
    assert person.ask("POST", "/mine", headers={"X-CSRF-Token": token}).text == "mine"
    assert person.ask("POST", "/all", headers={"X-CSRF-Token": token}).text == "all"


def test_two_cookies_of_the_name_are_one_too_many(house, page):
    cookie = f"{TOKEN}={jar(page, TOKEN)}; {TOKEN}={jar(page, TOKEN)}"
    assert Script(house).get("/protected", headers={"Cookie": cookie}).json["code"] == "token_invalid"


@pytest.mark.parametrize("header", ["Negotiate YII=", "Digest username=x"])
def test_another_scheme_is_ignored_and_the_cookie_counts(page, header):
    assert page.ask("GET", "/protected", headers={"Authorization": header}).json["credential"] == "token"


# Its end.


def test_a_dead_one_is_refused_and_taken_out_of_the_browser_so_the_session_speaks_from_then_on(house):
    person = browser_with(house, cookie="bad", session="good")
    answer = person.ask("GET", "/protected", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.json["code"]) == (401, "token_invalid")
    assert jar(person, TOKEN) is jar(person, CSRF) is None
    assert person.ask("GET", "/protected", headers={"Accept": "*/*"}).json["username"] == "boss"


def test_it_ends_when_the_token_does(house):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        person = Person(house)
        person.ask("POST", "/api/auth", json=GOOD)
        clock.shift(3601)
        sent = {"Cookie": f"{TOKEN}={jar(person, TOKEN) or ''}"}
        assert Script(house).get("/protected", headers=sent).status_code == 401


def test_a_logout_ends_the_token_itself_and_every_copy(house, page):
    copy = {"Cookie": f"{TOKEN}={jar(page, TOKEN)}"}
    assert page.ask("POST", "/api/auth/logout", headers={"Accept": "*/*"}).json["code"] == "csrf_failed"
    assert page.ask("GET", "/protected").status_code == 200
    sent = {"X-CSRF-Token": jar(page, CSRF)}
    assert page.ask("POST", "/api/auth/logout", headers=sent).status_code == 204
    assert jar(page, TOKEN) is jar(page, CSRF) is None
    assert Script(house).get("/protected", headers=copy).json["code"] == "token_revoked"
    with house.extensions["database"].read() as db:
        assert credentials.live(db, of(house, "ada").id, "refresh") == []


def test_the_token_is_the_last_that_a_logout_takes_out_for_curl_which_heeds_the_last_alone(page):
    answer = page.ask("POST", "/api/auth/logout", headers={"X-CSRF-Token": jar(page, CSRF)})
    assert [cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie")] == [CSRF, TOKEN]


def test_such_a_login_is_listed_does_not_refresh_and_ends_with_its_token(house):
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        Person(house).ask("POST", "/api/auth", json=GOOD)
        assert not [row for row in contents(house)["refresh_token"] if row]
        (login,) = logins(house)
        assert (login.refreshes, login.token_expires_at) == (False, now() + timedelta(hours=1))
        clock.shift(3601)
        assert logins(house) == []


def logins(house):
    with house.extensions["database"].read() as db:
        return script_logins.live(db, of(house, "ada").id)


@pytest.mark.parametrize("cookie", ["nonsense", "", "a.b.c", "x" * 4000, "ÿ"])
def test_a_logout_without_a_token_that_is_one_only_clears_the_cookie(house, cookie):
    sent = {"Cookie": f"{TOKEN}={cookie}"}
    assert Script(house).post("/api/auth/logout", headers=sent).status_code == 204


def test_who_logs_in_or_out_by_the_page_leaves_no_token_in_the_browser(page):
    page.log_in("grace")
    assert jar(page, TOKEN) is None
    assert page.ask("GET", "/protected", headers={"Accept": "*/*"}).json["username"] == "grace"
    page.ask("POST", "/api/auth", json=GOOD)
    page.open("/logout")
    page.press("Log out")
    assert jar(page, TOKEN) is None


# The setting.


@pytest.mark.parametrize("value", ["", "cookies", "header,body", "HEADER"])
def test_a_location_that_is_none_stops_the_start(make_app, value):
    with pytest.raises(SettingsError, match="one or more of header, query, cookie"):
        make_app(WEBAPP_TOKEN_LOCATIONS=value)


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_where_the_header_is_not_named_one_that_brings_a_token_is_refused_and_opens_no_cookie(make_app, scheme):
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
def test_the_address_counts_by_either_setting(make_app, settings):
    app = make_app(**settings)
    token = factories.api_token(app, factories.user(app, "ada")).token
    assert Script(app).get(f"/protected?token={token}").json["credential"] == "token"


@pytest.mark.parametrize("state", ["good", "bad"])
def test_a_token_in_the_address_speaks_before_the_cookie(make_app, state):
    app = make_app(WEBAPP_TOKEN_LOCATIONS="query,cookie")
    factories.user(app, "ada")
    grace = factories.user(app, "grace")
    token = factories.api_token(app, grace).token if state == "good" else "nonsense"
    person = Person(app)
    person.ask("POST", "/api/auth", json=GOOD)
    answer = person.ask("GET", f"/protected?token={token}")
    assert answer.json["username"] == "grace" if state == "good" else answer.status_code == 401


def test_the_description_names_the_cookie_where_it_counts(make_app, app):
    document = Script(make_app(WEBAPP_TOKEN_LOCATIONS="header,cookie")).get("/openapi.json").json
    assert document["components"]["securitySchemes"]["tokenCookie"]["name"] == TOKEN
    assert {"tokenCookie": ["protected:read"]} in document["paths"]["/protected"]["get"]["security"]
    assert "/api/auth/logout" in document["paths"]
    assert "tokenCookie" not in Script(app).get("/openapi.json").text
