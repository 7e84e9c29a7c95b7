"""/account/security: everything that can act as the user, and the button that ends all of it."""

import re
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from webapp.core.clock import now


@pytest.fixture
def laptop(app, user) -> Person:
    other = Person(app, user_agent="Mozilla/5.0 (iPhone) Version/18.0 Mobile Safari/604.1")
    other.log_in(user.username)
    return other


def is_in(person: Person) -> bool:
    return person.ask("GET", "/dashboard").status_code == 200


@pytest.fixture
def cron(app, user) -> Script:
    """A script that is logged in by itself; what came of its login."""
    answer = Script(app).post("/api/auth", json={"username": user.username, "password": factories.PASSWORD}).json
    return Script(app, answer["access_token"])


def test_every_credential_of_the_user_is_in_one_list(person, laptop, script, cron):
    page = person.open("/account/security").text
    assert "Safari on iPhone" in page
    assert "Script logins" in page
    answer = script.get("/account/security").json
    assert (len(answer["sessions"]), answer["token_count"], len(answer["script_logins"])) == (2, 1, 1)


def test_events_of_scripts_do_not_hide_other_events(app, user, person):
    login = Script(app).post("/api/auth", json={"username": user.username, "password": factories.PASSWORD}).json
    assert Script(app).post("/api/auth/refresh", json={"refresh_token": login["refresh_token"]}).status_code == 200
    as_json = {"Accept": "application/json"}
    recent = person.ask("GET", "/account/security", headers=as_json).json["recent"]
    everything = person.ask("GET", "/account/activity", headers=as_json).json["events"]
    assert {event["event"] for event in everything} - {event["event"] for event in recent} == {"refresh.used"}


def test_the_page_lists_login_methods_before_end_all_access(person, cron):
    page = person.open("/account/security").text
    assert re.findall(r"<h2[^>]*>([^<]+)</h2>", page) == [
        *("Ways to log in", "Where you are logged in", "API tokens", "Script logins"),
        *("Recent activity", "End all access"),
    ]


def test_end_all_access_keeps_this_device(person, laptop, script, cron, app):
    person.open("/account/security/end-everything")
    assert "1 other device" in person.page.text
    assert "1 API token" in person.page.text
    assert "1 script login" in person.page.text
    person.press("End all access")
    assert (is_in(person), is_in(laptop)) == (True, False)
    assert (script.get("/protected").status_code, cron.get("/protected").status_code) == (401, 401)
    assert mails(app)[-1].kind == "everything_ended"


def test_end_all_access_can_end_this_device_too(person, laptop, script):
    person.open("/account/security/end-everything")
    person.press("End all access", also_this="y")
    assert (is_in(person), is_in(laptop), script.get("/protected").status_code) == (False, False, 401)


def test_end_all_access_needs_a_step_up_and_continues_after_it(person, laptop):
    person.open("/account/security/end-everything")
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert person.press("End all access").status_code == 401
        assert is_in(laptop)
        person.press("Confirm", password=factories.PASSWORD)
        person.press("Send form")
        assert (is_in(person), is_in(laptop)) == (True, False)


def test_credentials_of_others_stay(person, app):
    eve = factories.user(app, "eve")
    theirs = Script(app, factories.api_token(app, eve).token)
    person.open("/account/security/end-everything")
    person.press("End all access")
    assert theirs.get("/protected").status_code == 200


def test_a_token_that_expires_soon_is_marked_in_the_account_menu(person, app, user):
    assert "account-link__initial--alert" not in person.open("/account").text
    factories.api_token(app, user, name="old", lifetime=timedelta(days=20))
    with time_machine.travel(now() + timedelta(days=14), tick=False):
        other = Person(app)
        other.log_in(user.username)
        assert "account-link__initial--alert" in other.open("/account").text


def test_equal_browsers_are_listed_once_with_their_number(app, user, person):
    for _ in range(2):
        Person(app).log_in("ada")
    said = "2 other devices</b>: Firefox on Linux."
    assert said in person.open("/account/security/end-everything").text
    assert (
        "2 other devices: Firefox on Linux. You stay logged in on this device." in person.open("/account/password").text
    )
