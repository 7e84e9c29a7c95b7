"""/account: what one may say of oneself, and nothing more."""

import pytest

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.tables import contents, events
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.web.registry import services_of


def row(app, user) -> User:
    with services_of(app).get(Database).read() as db:
        return db.get_one(User, user.id)


def save(person: Person, **fields: str):
    person.open("/account")
    return person.press("Save profile", **fields)


def test_scripts_can_read_and_save_a_profile(person, script):
    save(person, display_name="Ada L.", theme="dark", time_zone="Europe/Lisbon")
    assert "Your profile was saved" in person.page.text
    answer = script.get("/account").json
    assert (answer["display_name"], answer["theme"], answer["time_zone"]) == ("Ada L.", "dark", "Europe/Lisbon")


def test_pages_follow_the_theme_and_the_time_zone(person):
    save(person, theme="dark", time_zone="Asia/Kolkata")
    assert '<html lang="en" data-theme="dark" data-zone="Asia/Kolkata">' in person.page.text
    assert "IST" in person.open("/account/security").text


def test_after_a_change_only_the_new_name_logs_in(person, app, user):
    save(person, username="Lovelace")
    assert [(mail.kind, mail.to) for mail in mails(app)] == [("name_changed", "ada@example.org")]
    assert events(app, "user.renamed")
    other = Person(app)
    assert other.log_in("ada").status_code == 422
    assert other.log_in("lovelace").request.path == "/dashboard"


@pytest.mark.parametrize("name", ["", "eve", "EVE", "a b", "a\r\nBcc: x@y.z", "a" * 51, "аda", "<b>", "x@y"])
def test_a_taken_or_invalid_name_changes_nothing(person, app, name):
    factories.user(app, "eve")
    before = contents(app)
    assert save(person, username=name).status_code == 422
    assert contents(app) == before


@pytest.mark.parametrize("name", ["Ada\r\nBcc: eve@evil.example", "Ada\u200beve", "Ada\u202eeve", "x" * 101])
def test_a_display_name_has_no_line_break_or_control_character(person, app, user, name):
    assert save(person, display_name=name).status_code == 422
    assert row(app, user).display_name is None


@pytest.mark.parametrize(("field", "value"), [("time_zone", "../../etc/passwd"), ("theme", "x"), ("language", "tlh")])
def test_an_unknown_choice_is_refused(person, field, value):
    assert save(person, **{field: value}).status_code == 422


@pytest.mark.parametrize("name", ["role", "email_verified_at", "disabled_at", "email", "id", "closes_at"])
def test_additional_fields_do_not_change_role_or_state(person, app, user, name):
    person.open("/account")
    before = contents(app)
    headers = {"Accept": "application/json", "X-CSRF-Token": person.csrf_token}
    answer = person.ask("POST", "/account", json={"display_name": "Ada", name: "1"}, headers=headers)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert contents(app) == before


def test_a_token_cannot_change_the_profile(script, app):
    assert script.post("/account", json={"display_name": "x"}).status_code == 403


def test_the_last_login_is_stored(person, app, user):
    assert row(app, user).last_login_at is not None
