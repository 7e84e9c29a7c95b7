"""Every change that a cookie could authenticate must come from a page of this site."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import HTML, Person
from tests.script import Script
from tests.tables import contents, events

CREDENTIALS = {"username": "ada", "password": factories.PASSWORD}
NEW_TOKEN = {"name": "laptop", "scopes": ["profile:read"], "expires_in": "604800"}


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


@pytest.fixture
def other(app):
    """A token of somebody else's browser, as whoever forges a form would have one."""
    return token_of(Person(app))


def post(person, path, fields, *, as_json=False, headers=None):
    body = {"json": fields} if as_json else {"data": fields}
    return person.ask("POST", path, headers={"Accept": "application/json"} | (headers or {}), **body)


CHANGES = {
    "/logout": {},
    "/confirm": {"password": factories.PASSWORD},
    "/tokens/new": NEW_TOKEN,
    "/tokens/revoke-all": {},
    "/tokens/11111111-1111-4111-8111-111111111111/revoke": {},
    "/account/sessions/11111111-1111-4111-8111-111111111111/end": {},
    "/login": CREDENTIALS,
}


@pytest.mark.parametrize("as_json", [False, True], ids=["as a form", "as JSON"])
@pytest.mark.parametrize("forged", [None, "", "garbage", "a.b.c", "é", "{other}", "{other}x"])
def test_a_change_without_the_csrf_token_of_the_session_is_refused(person, app, other, as_json, forged):
    before = contents(app)
    sent = {} if forged is None else {"csrf_token": forged.replace("{other}", other)}
    for path, fields in CHANGES.items():
        # The login form needs no token where the browser says that a page of ours sent it: test_login_csrf.py.
        headers = {"Sec-Fetch-Site": "none"} if path == "/login" else {}
        answer = post(person, path, fields | sent, as_json=as_json, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed"), path
    assert contents(app) == before


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a neighbour under the same domain"),
        pytest.param({"Sec-Fetch-Site": "nonsense"}, id="a site that nobody knows"),
        pytest.param({"Sec-Fetch-Site": ""}, id="a site that says nothing"),
    ],
)
def test_a_change_from_another_site_is_refused_even_with_the_token(person, app, origin):
    before = contents(app)
    for path, fields in CHANGES.items():
        answer = post(person, path, fields | {"csrf_token": token_of(person)}, headers=origin)
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed"), path
    assert contents(app) == before


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "",
        "http://localhost.evil.example",
        "http://evil.example/localhost",
        "http://evil@localhost",
        "http://localhost:8001",
        "https://localhost",
        "http://[",
        "http://[::1",
        "//localhost",
        "localhost",
        "\xff",
    ],
)
def test_an_old_browser_that_names_another_origin_is_refused(app, user, origin):
    person = Person(app)
    headers = {"Accept": HTML, "Origin": origin}
    with person.client as client:
        token = client.get("/login", headers={"Accept": "application/json"}).json["csrf_token"]
        answer = client.post("/login", data=CREDENTIALS | {"csrf_token": token}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("origin", ["http://localhost", "http://localhost:8000", None])
def test_an_old_browser_that_names_our_origin_or_none_is_accepted(app, user, origin):
    client, at = app.test_client(), {"base_url": "http://localhost"}
    token = client.get("/login", headers={"Accept": "application/json"}, **at).json["csrf_token"]
    headers = {"Accept": HTML} | ({"Origin": origin} if origin else {})
    assert client.post("/login", data=CREDENTIALS | {"csrf_token": token}, headers=headers, **at).status_code == 303


def test_plain_http_is_another_site_than_https(make_app):
    app = make_app(WEBAPP_BASE_URL="https://login.example.org")
    factories.user(app, "ada")
    client = app.test_client()
    base = {"base_url": "https://login.example.org"}
    token = client.get("/login", headers={"Accept": "application/json"}, **base).json["csrf_token"]
    fields = CREDENTIALS | {"csrf_token": token}
    refused = client.post("/login", data=fields, headers={"Origin": "http://login.example.org"}, **base)
    honest = client.post("/login", data=fields, headers={"Origin": "https://login.example.org"}, **base)
    assert (refused.status_code, honest.status_code) == (403, 303)


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_requests_from_our_pages_and_bookmarks_are_same_site(person, site):
    answer = post(person, "/logout", {"csrf_token": token_of(person)}, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 204


def test_the_csrf_token_can_be_in_the_header(person):
    assert post(person, "/logout", {}, headers={"X-CSRF-Token": token_of(person)}).status_code == 204


def test_the_csrf_token_can_be_a_json_member(person):
    assert post(person, "/logout", {"csrf_token": token_of(person)}, as_json=True).status_code == 204


def test_a_wrong_header_is_refused_despite_a_right_field(person):
    fields = {"csrf_token": token_of(person)}
    assert post(person, "/logout", fields, headers={"X-CSRF-Token": "garbage"}).status_code == 403


def test_a_csrf_token_in_the_url_is_ignored(person):
    assert post(person, f"/logout?csrf_token={token_of(person)}", {}).status_code == 403


def test_a_csrf_token_is_valid_as_long_as_its_session(make_app):
    app = make_app(WEBAPP_SESSION_IDLE="2d")
    factories.user(app, "ada")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        person = Person(app)
        person.log_in("ada")
        token = token_of(person)
        for _day in range(2):
            clock.shift(timedelta(days=1, hours=23))
            assert post(person, "/tokens/revoke-all", {"csrf_token": token}).status_code == 200
        person.ask("POST", "/logout", data={"csrf_token": token_of(person)})
        person.log_in("ada")
        answer = post(person, "/tokens/revoke-all", {"csrf_token": token})
        assert (answer.status_code, answer.json["code"]) == (403, "csrf_failed")


def test_a_csrf_token_from_before_the_login_is_invalid_after_it(app, user):
    """Whoever could plant a session in a browser beforehand would know its token."""
    person = Person(app)
    before = token_of(person)
    person.log_in(user.username)
    assert post(person, "/logout", {"csrf_token": before}).status_code == 403


def test_a_browser_gets_a_page_when_a_form_is_refused(person):
    answer = person.ask("POST", "/logout", data={})
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert "Nothing was changed." in answer.text


def test_a_refused_form_of_a_logged_in_user_is_an_audit_event(person, app):
    person.ask("POST", "/logout", data={})
    (event,) = events(app, "access.refused")
    assert '"csrf_failed"' in event["details"]


@pytest.mark.parametrize(
    ("site", "reason"), [("same-origin", "no valid CSRF token"), ("cross-site", "sent from another site")]
)
def test_the_log_states_in_english_why_a_form_was_refused(person, app, site, reason):
    person.ask("POST", "/logout", data={}, headers={"Sec-Fetch-Site": site, "Accept-Language": "de"})
    (event,) = events(app, "access.refused")
    assert f'"{reason}"' in event["details"]


def test_a_refused_anonymous_form_is_only_logged(app, visitor, logged):
    visitor.ask("POST", "/login", data=CREDENTIALS, headers={"Sec-Fetch-Site": "cross-site"})
    assert events(app, "access.refused") == []
    assert 'code="csrf_failed"' in logged()


def test_a_script_login_reads_no_cookie_and_needs_no_csrf_token(app, user):
    answer = Script(app).post("/api/auth", json=CREDENTIALS, headers={"Cookie": "session=garbage"})
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_get_request_changes_nothing_whatever_is_sent_with_it(person, app, method):
    before = contents(app)
    fields = NEW_TOKEN | CREDENTIALS | {"csrf_token": token_of(person)}
    for path in CHANGES:
        person.ask(method, path, data=fields)
        person.ask(method, path, query_string=fields)
    assert contents(app) == before
    assert person.open("/dashboard").request.path == "/dashboard"


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_no_header_overrides_the_method_of_a_get(person, header):
    person.ask("GET", "/logout", headers={header: "POST"})
    assert person.open("/dashboard").request.path == "/dashboard"
