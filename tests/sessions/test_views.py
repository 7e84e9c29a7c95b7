"""/account/sessions: where one is logged in, and the end of it, announced."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from webapp.core.clock import now
from webapp.credentials.usage_tracker import UsageTracker
from webapp.web.registry import services_of

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.fixture
def phone(app, user) -> Person:
    other = Person(app, user_agent=PHONE, ip_address="198.51.100.7")
    other.log_in(user.username, remember="y")
    return other


def is_in(person: Person) -> bool:
    return person.ask("GET", "/protected").status_code == 200


def test_each_session_shows_device_ip_address_and_expiry(person, phone, script):
    found = script.get("/account/sessions").json["sessions"]
    assert {(s["name"], s["ip_address"], s["method"], s["remembered"]) for s in found} == {
        ("Firefox on Linux", "203.0.113.18", "password", False),
        ("Safari on iPhone", "198.51.100.7", "password", True),
    }
    page = person.open("/account/sessions").text
    assert page.index("this device") < page.index("Safari on iPhone")
    assert "Stays logged in until" in page


def test_ending_one_session_keeps_the_others(person, phone):
    person.open("/account/sessions")
    person.press("Log out Safari on iPhone")
    assert (is_in(person), is_in(phone)) == (True, False)


def test_ending_all_others_is_confirmed_on_a_page_with_their_number(person, phone, app):
    third = Person(app)
    third.log_in("ada")
    person.open("/account/sessions")
    assert "2 other devices" in person.follow("Log out everywhere else").text
    person.press("Log out 2 devices")
    assert (is_in(person), is_in(phone), is_in(third)) == (True, False, False)


def test_a_session_of_another_user_is_404(person, app):
    factories.user(app, "eve")
    other = Person(app)
    other.log_in("eve")
    theirs = other.ask("GET", "/account/sessions", headers={"Accept": "application/json"}).json["sessions"][0]["id"]
    person.open("/account/sessions")
    answer = person.ask("POST", f"/account/sessions/{theirs}/end", data={"csrf_token": person.csrf_token})
    assert (answer.status_code, is_in(other)) == (404, True)


def test_a_confirmation_keeps_the_start_of_a_session_and_renews_its_lifetime(person, script):
    before = script.get("/account/sessions").json["sessions"][0]
    with time_machine.travel(now() + timedelta(hours=1), tick=False):
        person.open("/confirm")
        person.press("Confirm", password=factories.PASSWORD)
        after = script.get("/account/sessions").json["sessions"][0]
    assert (after["id"] != before["id"], after["started_at"]) == (True, before["started_at"])
    assert after["expires_at"] > before["expires_at"]


# Before it ends.


def banner(page: str) -> str | None:
    tag = page[page.index("<session-end") :].partition(">")[0] if "<session-end" in page else None
    return None if tag is None or " hidden" in tag else tag


def test_the_end_is_announced_ten_minutes_before_and_a_password_extends_the_session(make_app, app):
    app = make_app(WEBAPP_SESSION_IDLE="40m", WEBAPP_SESSION_LIFETIME="1h")
    factories.user(app, "ada")
    person, begun = Person(app), now()
    with time_machine.travel(begun, tick=False) as clock:
        person.log_in("ada")
        clock.shift(timedelta(minutes=30))
        assert banner(person.open("/dashboard").text) is None
        clock.shift(timedelta(minutes=21))
        assert banner(person.open("/dashboard").text)
        person.follow("Stay logged in")
        person.press("Confirm", password=factories.PASSWORD)
        assert person.page.request.path == "/dashboard"
        assert banner(person.page.text) is None
        clock.shift(timedelta(minutes=20))
        assert is_in(person)


def test_a_button_extends_an_idle_session(make_app):
    app = make_app(WEBAPP_SESSION_IDLE="8m")
    factories.user(app, "ada")
    person = Person(app)
    with time_machine.travel(now(), tick=False) as clock:
        person.log_in("ada")
        for _ in range(3):
            assert banner(person.open("/account").text)
            clock.shift(timedelta(minutes=6))
            assert person.press("Stay logged in").request.path == "/account"


@pytest.fixture
def hasty(make_app):
    """Ada at a browser where every page says that the session is about to end."""
    app = make_app(WEBAPP_SESSION_IDLE="8m")
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    return person


def test_extending_a_session_redirects_back_to_the_page_with_its_query(hasty):
    hasty.open("/tokens/new?name=half-written")
    assert hasty.press("Stay logged in").request.full_path == "/tokens/new?name=half-written"


def test_extending_from_a_url_without_get_redirects_elsewhere(hasty):
    hasty.open("/account")
    assert hasty.press("Send verification link", email="no address").request.path == "/account/email"
    answer = hasty.press("Stay logged in")
    assert (answer.status_code, answer.request.path) == (200, "/account/sessions")


def test_extending_from_a_refused_form_redirects_to_that_form(hasty):
    hasty.open("/account")
    assert hasty.press("Save profile", username="no name, no").status_code == 422
    assert hasty.press("Stay logged in").request.path == "/account"


def test_the_notice_links_back_to_the_page(hasty):
    hasty.open("/account/activity?kind=logins")
    assert hasty.follow("Why?").text.count(">Stay logged in<") == 1
    assert hasty.press("Stay logged in").request.full_path == "/account/activity?kind=logins"


def test_a_step_up_that_extends_a_session_states_its_purpose(make_app):
    app = make_app(WEBAPP_SESSION_LIFETIME="8m", WEBAPP_SESSION_IDLE="8m")
    factories.user(app, "ada")
    person = Person(app)
    person.log_in("ada")
    person.open("/account/activity?kind=logins")
    for page in (person.follow("Stay logged in"), person.press("Confirm", password="wrong")):
        assert "Confirm it's you to stay logged in" in page.text
        assert "This is a security setting" not in page.text
    assert person.press("Confirm", password=factories.PASSWORD).request.full_path == "/account/activity?kind=logins"


def test_the_step_up_states_its_purpose_also_if_the_last_use_is_written_later(app, user):
    """A minute too early the login would find the session alive, and lead on."""
    person = Person(app)
    with time_machine.travel(now(), tick=False) as clock:
        person.log_in(user.username)
        clock.shift(timedelta(minutes=5))
        seconds, _, target = person.open("/account/sessions/ending").headers["Refresh"].partition("; url=")
        services_of(app).get(UsageTracker).flush()
        clock.shift(int(seconds))
        assert "Your session has ended" in person.open(target).text


@pytest.mark.parametrize("way", ["", "?next=/account/activity?kind%3Dlogins", "?next=//evil.example"])
def test_the_notice_becomes_the_login_by_itself(person, way):
    answer = person.open(f"/account/sessions/ending{way}")
    seconds, _, target = answer.headers["Refresh"].partition("; url=")
    assert target == "/login?ended=1" + ("&next=/account/activity?kind%3Dlogins" if "kind" in way else "")
    with time_machine.travel(now() + timedelta(seconds=int(seconds)), tick=False):
        assert "Your session has ended" in person.open(target).text
