"""Log in, log out, confirm that it is you: what the cookie is afterwards."""

from datetime import timedelta

import pytest
import time_machine
from flask import session
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tables import contents, events
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.sessions.lifecycle import SessionLifetimes
from webapp.web.registry import services_of


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


def by_json(person, **fields):
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(person)}
    return person.ask(
        "POST", "/login", json={"username": "ada", "password": factories.PASSWORD} | fields, headers=headers
    )


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.org", " ada ", "ａｄａ", "Ada@Example.ORG"])
def test_a_user_logs_in_by_name_or_email_address_in_any_letter_case(app, user, name):
    assert Person(app).log_in(name).request.path == "/dashboard"


@pytest.mark.parametrize(
    ("setting", "words"), [("30d", "30 days"), ("1d", "1 day"), ("2h", "2 hours"), ("", "30 days")]
)
def test_the_login_page_says_how_long_a_session_is_remembered(make_app, setting, words):
    chosen = {"WEBAPP_REMEMBER_LIFETIME": setting} if setting else {}
    app = make_app(**chosen, WEBAPP_SESSION_LIFETIME="1h", WEBAPP_SESSION_IDLE="1h")
    assert f"Keep me logged in on this device for {words}<" in Person(app).open("/login").text


def test_a_script_can_log_in_with_a_cookie(app, user):
    person = Person(app)
    answer = by_json(person, next="/tokens")
    assert answer.json == {"username": "ada", "roles": ["user"], "next": "/tokens"}
    assert person.ask("GET", "/protected", headers={"Accept": "*/*"}).json["credential"] == "session"


def test_a_wrong_password_is_422_on_the_page_and_401_as_json(app, user):
    person = Person(app)
    assert person.log_in("ada", "wrong").status_code == 422
    answer = by_json(person, password="wrong")
    assert (answer.status_code, answer.json["code"]) == (401, "credentials_invalid")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_form_keeps_its_input_except_the_password(app, user):
    person = Person(app)
    person.open("/login?next=/tokens")
    answer = person.press("Log in", username="ada", password="wrong password 1")
    assert 'value="ada"' in answer.text
    assert 'value="/tokens"' in answer.text
    assert "wrong password 1" not in answer.text


@pytest.mark.parametrize("fields", [{"username": ""}, {"password": ""}, {"username": " "}, {"username": "x" * 1001}])
def test_a_missing_field_has_a_message(app, user, fields):
    person = Person(app)
    person.open("/login")
    answer = person.press("Log in", **({"username": "ada", "password": "x"} | fields))
    assert answer.status_code == 422


def test_a_login_sets_a_new_cookie_without_the_old_content(app, user):
    """Session fixation: what was planted beforehand is worth nothing afterwards."""
    person = Person(app)
    person.open("/login")
    planted = person.cookie
    person.log_in("ada")
    assert person.cookie != planted
    thief = Person(app)
    thief.client.set_cookie("session", planted)
    assert thief.open("/dashboard").request.path == "/login"


def test_a_second_login_in_one_browser_ends_the_first(app, person):
    first = person.cookie
    by_json(person)
    assert person.cookie != first
    thief = Person(app)
    thief.client.set_cookie("session", first)
    assert thief.open("/dashboard").request.path == "/login"


def test_a_login_in_another_browser_ends_nothing(app, person):
    Person(app).log_in("ada")
    assert person.open("/dashboard").request.path == "/dashboard"


def test_a_get_of_the_logout_does_not_log_out(person):
    person.open("/logout")
    assert person.open("/dashboard").request.path == "/dashboard"


def test_a_copied_cookie_is_invalid_after_the_logout_in_every_process(make_app):
    here, there = make_app(), make_app()
    factories.user(here, "ada")
    person = Person(here)
    person.log_in("ada")
    thief = Person(there)
    thief.client.set_cookie("session", person.cookie)
    assert thief.open("/dashboard").request.path == "/dashboard"
    person.open("/logout")
    person.press("Log out")
    assert thief.open("/dashboard").request.path == "/login"


def test_after_the_logout_the_cookie_has_nothing_of_the_session(app, person):
    person.open("/logout")
    person.press("Log out")
    with app.test_request_context(headers={"Cookie": f"session={person.cookie}"}):
        assert set(session) <= {"csrf_token", "_flashes"}


def test_logging_out_twice_is_no_error(person):
    token = token_of(person)
    assert person.ask("POST", "/logout", data={"csrf_token": token}).status_code == 303
    assert person.ask("POST", "/logout", data={"csrf_token": token}).status_code == 401


def test_a_logged_in_user_is_redirected_from_the_login_page(person):
    assert person.ask("GET", "/login?next=/tokens").headers["Location"] == "/tokens"


# Confirming.


def confirm(person, password=factories.PASSWORD):
    person.open("/confirm?next=/tokens/new")
    return person.press("Confirm", password=password)


def test_a_confirmation_sets_a_new_secret_and_invalidates_the_old(app, person):
    copied = person.cookie
    assert confirm(person).request.path == "/tokens/new"
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    assert thief.open("/dashboard").request.path == "/login"
    assert person.open("/dashboard").request.path == "/dashboard"


def test_a_confirmation_with_a_wrong_password_changes_nothing(app, person):
    before = contents(app)
    answer = confirm(person, "wrong")
    assert answer.status_code == 422
    assert contents(app) == before
    assert person.open("/dashboard").request.path == "/dashboard"


def test_a_confirmation_accepts_only_the_password_of_the_user(app, person):
    other = "another horse battery staple"
    grace = factories.user(app, "grace")
    with services_of(app).get(Database).write() as db:
        db.get_one(type(grace), grace.id).password_hash = factories.QUICK.hash(other)
    assert confirm(person, other).status_code == 422


def test_a_confirmation_starts_the_lifetime_of_the_session_again(app, person):
    an_hour_later = now() + timedelta(hours=1)
    with time_machine.travel(an_hour_later, tick=False):
        confirm(person)
    with services_of(app).get(Database).read() as db:
        old, new = db.scalars(select(Credential).order_by(Credential.auth_time))
        assert new.auth_time == an_hour_later
        assert new.expires_at == an_hour_later + services_of(app).get(SessionLifetimes).lifetime
        assert (new.idle, new.created_at) == (old.idle, old.created_at)


def test_a_confirmation_is_an_audit_event(app, person):
    confirm(person)
    assert len(events(app, "session.confirmed")) == 1


def test_a_confirmation_by_a_script_is_204(person):
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(person)}
    answer = person.ask("POST", "/confirm", json={"password": factories.PASSWORD}, headers=headers)
    assert (answer.status_code, answer.data) == (204, b"")


def test_a_wrong_confirmation_by_a_script_is_a_field_error(person):
    headers = {"Accept": "application/json", "X-CSRF-Token": token_of(person)}
    answer = person.ask("POST", "/confirm", json={"password": "wrong"}, headers=headers)
    assert (answer.status_code, answer.json["errors"]["password"]) == (422, ["Wrong password. Try again."])


def test_an_anonymous_caller_cannot_confirm(app):
    assert Script(app).post("/confirm", json={"password": "x"}).status_code == 401
