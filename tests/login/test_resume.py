"""A form that is sent after its session has ended is kept over the login, for the one who filled it in."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.second_factors import with_app
from tests.tables import contents, everything
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials import lifecycle as credentials
from webapp.guard import saved_form
from webapp.web.registry import services_of

SENT = {"username": "ada", "display_name": "Countess", "language": "en", "time_zone": "UTC", "theme": "dark"}


def end(app, user):
    with services_of(app).get(Database).write() as db:
        credentials.end_all(db, user.id)


def send(person, **more):
    """What was filled in long ago is sent now."""
    return person.ask("POST", "/account", data={"csrf_token": person.csrf_token, **SENT, **more})


@pytest.fixture
def late(person, app, user):
    """Ada, with her profile filled in and her session ended from elsewhere."""
    person.open("/account")
    end(app, user)
    return person


def press_log_in(person, name="ada"):
    return person.press("Log in", username=name, password=factories.PASSWORD)


def display_name(app, user):
    with services_of(app).get(Database).read() as db:
        return db.get_one(User, user.id).display_name


def kept(app):
    return contents(app)["kept_form"]


def test_a_saved_form_is_offered_after_the_login_and_sent_by_a_button(late, app, user):
    answer = send(late)
    assert (answer.status_code, answer.headers["WWW-Authenticate"].startswith("Bearer")) == (401, True)
    assert "/account</b> is kept" in answer.text
    assert display_name(app, user) is None
    page = press_log_in(late)
    assert (page.request.path, "Countess" in page.text) == ("/login/resume", True)
    assert display_name(app, user) is None, "not before the person says so"
    assert late.press("Send form").status_code == 200
    assert display_name(app, user) == "Countess"


def test_a_saved_form_is_kept_during_a_second_step(late, app, user):
    authenticator = with_app(app, user)
    send(late)
    assert press_log_in(late).request.path == "/login/second-step"
    page = late.press("Continue", code=authenticator.code())
    assert (page.request.path, "Countess" in page.text) == ("/login/resume", True)


def test_a_form_from_a_page_older_than_its_csrf_token_is_saved(person, app, user):
    person.open("/account")
    with time_machine.travel(now() + timedelta(hours=13)):
        assert "is kept" in send(person).text
        press_log_in(person)
        person.press("Send form")
    assert display_name(app, user) == "Countess"


def test_passwords_are_not_saved(late, app, instance):
    send(late, password="a word nobody may see", csrf_token=late.csrf_token)
    assert "a word nobody" not in everything(instance / "latchkey.db")
    assert "a word nobody" not in press_log_in(late).text


def test_a_saved_form_is_encrypted_in_the_database(late, instance):
    send(late)
    assert "Countess" not in everything(instance / "latchkey.db")


def test_another_user_who_logs_in_does_not_get_the_form(late, app, user):
    factories.user(app, "eve")
    send(late)
    page = press_log_in(late, "eve")
    assert "belonged to another account" in page.text
    assert "Countess" not in page.text
    assert "Countess" not in late.open("/login/resume").text


def test_its_owner_does_not_get_it_in_another_browser(late, app, user):
    send(late)
    elsewhere = Person(app)
    elsewhere.log_in("ada")
    assert "Your saved form has expired" in elsewhere.open("/login/resume").text


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_no_message_is_stored_for_a_script_with_a_session_cookie(person, app, accept):
    person.open("/dashboard")
    answer = person.ask("GET", "/login/resume", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard")
    assert "Your saved form has expired" not in person.open("/dashboard").text
    assert "Your saved form has expired" in person.open("/login/resume").text


@pytest.mark.parametrize("secret", ["", "x" * 43, 7, None])
def test_a_forged_secret_finds_no_form(late, app, user, secret):
    send(late)
    elsewhere = Person(app)
    elsewhere.log_in("ada")
    with elsewhere.client.session_transaction() as session:
        session[saved_form.SESSION_KEY] = secret
    assert "Countess" not in elsewhere.open("/login/resume").text


def test_a_form_modified_in_the_database_is_not_shown(late, app, user):
    send(late)
    with services_of(app).get(Database).write() as db:
        found = db.get_one(saved_form.StoredForm, user.id)
        found.sealed = found.sealed[:-1] + bytes([found.sealed[-1] ^ 1])
    assert "Your saved form has expired" in press_log_in(late).text


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, {}, id="from another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, {}, id="from a neighbour"),
        pytest.param({}, {"csrf_token": "forged"}, id="with a forged token"),
        pytest.param({}, {"csrf_token": ""}, id="without a token"),
    ],
)
def test_a_form_from_another_site_is_not_saved(late, app, headers, fields):
    data = {"csrf_token": late.csrf_token, **SENT, **fields}
    answer = late.ask("POST", "/account", data=data, headers=headers)
    assert (answer.status_code, "is kept" in answer.text) == (401, False)
    assert kept(app) == []


def test_a_form_from_a_page_of_another_user_is_saved_for_that_user_only(late, app):
    other = Person(app)
    eve = factories.user(app, "eve")
    other.log_in("eve")
    other.open("/account")
    late.ask("POST", "/account", data={**SENT, "csrf_token": other.csrf_token})
    (row,) = kept(app)
    assert eve.id.hex in row or str(eve.id) in row
    assert "Countess" not in press_log_in(late).text


def test_the_form_of_a_disabled_user_is_not_saved(late, app, user):
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).disabled_at = now()
    assert send(late).status_code == 401
    assert kept(app) == []


def test_a_form_without_input_is_not_saved(late, app):
    answer = late.ask("POST", "/logout", data={"csrf_token": late.csrf_token})
    assert answer.status_code == 401
    assert kept(app) == []


def test_a_script_gets_the_same_response_as_without_saved_forms(late, app):
    answer = late.ask("POST", "/account", json=SENT, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json["code"]) == (401, "session_ended")
    assert kept(app) == []


def test_only_the_latest_form_is_kept_for_at_most_an_hour(late, app, user, database):
    page = late.csrf_token
    send(late)
    send(late, display_name="Lovelace", csrf_token=page)
    assert len(kept(app)) == 1
    with time_machine.travel(now() + saved_form.LIFETIME, tick=False):
        assert "Your saved form has expired" in press_log_in(late).text
        with database.write() as db:
            assert saved_form.purge(db) == 1
    assert kept(app) == []
