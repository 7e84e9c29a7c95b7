"""Export of the own data, closing an account, and reopening it."""

import re
from datetime import timedelta

import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from webapp.accounts import lifecycle, user_queries
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.guard.require import requirement_of
from webapp.web.registry import services_of


def close(person: Person, name: str):
    person.open("/account/close")
    return person.press("Close my account", username=name)


def purge(app) -> int:
    with services_of(app).get(Database).write() as db:
        return lifecycle.delete_due(db)


def exists(app, name: str) -> bool:
    with services_of(app).get(Database).read() as db:
        return user_queries.by_name_or_email(db, name) is not None


def test_a_closed_account_has_no_access_and_is_deleted_after_the_grace_period(person, script, app):
    assert "Your account is closed" in close(person, "Ada").text
    assert (person.ask("GET", "/account").status_code, script.get("/protected").status_code) == (303, 401)
    assert mails(app)[-1].kind == "account_closed"
    with time_machine.travel(now() + timedelta(days=13), tick=False):
        assert (purge(app), exists(app, "ada")) == (0, True)
    with time_machine.travel(now() + timedelta(days=14, seconds=1), tick=False):
        assert (purge(app), exists(app, "ada")) == (1, False)


def test_a_user_who_logs_in_within_the_grace_period_can_reopen_the_account(person, app):
    close(person, "ada")
    assert "It will be deleted" in person.log_in("ada").text
    person.press("Keep my account")
    with time_machine.travel(now() + timedelta(days=15), tick=False):
        assert (purge(app), exists(app, "ada")) == (0, True)


def test_a_closed_account_cannot_create_tokens(person, app):
    close(person, "ada")
    person.log_in("ada")
    assert person.open("/tokens/new").request.path == "/account/close"
    asked = {"name": "laptop", "scopes": ["protected:read"], "expires_in": 86400, "csrf_token": person.csrf_token}
    answer = person.ask("POST", "/tokens/new", json=asked, headers={"Accept": "application/json"})
    by_script = Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD})
    for refused in (answer, by_script):
        assert (refused.status_code, refused.json["title"]) == (403, "This account is closed")
    person.open("/account/close")
    person.press("Keep my account")
    assert person.open("/tokens/new").request.path == "/tokens/new"


def test_a_closed_account_can_only_be_reopened_exported_and_logged_out(app):
    open_to_closed = {
        name
        for name in app.view_functions
        if (requirement := requirement_of(app, name)) is not None and requirement.spares_closed
    }
    assert open_to_closed == {
        *("account.close_form", "account.reopen", "account.export_data"),
        *(
            "oauth.confirm_end",
            "login.leave",
            "login.end",
            "login.confirm_form",
            "login.confirm_options",
            "federation.confirm",
            "federation.keep_and_confirm",
            "login.confirm",
        ),
    }


def test_the_link_of_the_mail_reopens_the_account_until_it_is_deleted(person, app):
    close(person, "ada")
    link = re.search(r"http\S+(/not-me/\S+)", mails(app)[-1].text)[1]
    with time_machine.travel(now() + timedelta(days=13, hours=23), tick=False):
        person.open(link)
        person.press("Secure my account")
    with time_machine.travel(now() + timedelta(days=15), tick=False):
        assert (purge(app), exists(app, "ada")) == (0, True)


def test_the_name_must_be_typed(person, app, user):
    assert close(person, "eve").status_code == 422
    with services_of(app).get(Database).read() as db:
        assert db.get_one(User, user.id).closes_at is None


def test_the_last_super_admin_cannot_close_the_account(app):
    factories.user(app, "root", role="super_admin")
    person = Person(app)
    person.log_in("root")
    assert "only super admin" in close(person, "root").text


def test_closing_and_export_need_a_step_up(person):
    person.open("/account")
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert person.press("Download my data").status_code == 401
        person.press("Confirm", password=factories.PASSWORD)
        assert person.press("Send form").json["account"]["username"] == "ada"
    with time_machine.travel(now() + timedelta(minutes=22), tick=False):
        assert close(person, "ada").status_code == 401
        person.press("Confirm", password=factories.PASSWORD)
        assert "Your account is closed" in person.press("Send form").text
