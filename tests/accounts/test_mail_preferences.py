"""Informative mails are sent to those who want them, security mails to everybody."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import contents, events
from webapp.accounts.mail_preferences import INFORMATIVE
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.jobs.leases import Jobs
from webapp.jobs.worker import JobWorker
from webapp.web.registry import services_of


def choose(person: Person, *wanted: str):
    person.open("/account")
    return person.press("Save notifications", **{kind: "y" if kind in wanted else [] for kind in INFORMATIVE})


def live_on(app, user) -> None:
    """One token is made and never used, one ends, and is called still."""
    ending = factories.api_token(app, user, name="ending", lifetime=timedelta(days=30))
    factories.api_token(app, user, name="unused", lifetime=timedelta(days=300))
    jobs = [job for job in services_of(app).get(Jobs) if job.name.startswith("warn about")]
    for days in (29, 31, 95):
        with time_machine.travel(now() + timedelta(days=days), tick=False):
            JobWorker(services_of(app).get(Database), jobs).do_due()
            if days == 31:
                Script(app, ending.token).get("/protected")


def kinds(app) -> set[str]:
    return {mail.kind for mail in mails(app)}


@pytest.mark.parametrize("unwanted", [None, *INFORMATIVE])
def test_each_informational_mail_is_sent_unless_it_is_switched_off(app, user, person, unwanted):
    choose(person, *(kind for kind in INFORMATIVE if kind != unwanted))
    live_on(app, user)
    assert kinds(app) == set(INFORMATIVE) - {unwanted}


def test_informational_mails_say_how_to_switch_them_off(app, user, person):
    live_on(app, user)
    for mail in mails(app):
        assert "under E-mail notifications" in mail.text
        assert "under E-mail notifications" in mail.html


def test_security_mails_are_sent_whatever_is_switched_off(app, user, person):
    choose(person)
    person.open("/account/password")
    person.press("Change password", password=factories.PASSWORD, new_password="another horse battery")
    Person(app).log_in("ada", "another horse battery")
    assert kinds(app) == {"password_changed", "new_login"}


def test_the_page_shows_the_choice_and_a_change_is_an_audit_event(app, user, person):
    assert "Saved. You still get mails about the security of your account." in choose(person, "tokens_unused").text
    wanted = person.ask("GET", "/account", headers={"Accept": "application/json"}).json["mails"]
    assert wanted == {"tokens_expiring": False, "tokens_unused": True, "token_came_late": False}
    assert len(events(app, "profile.changed")) == 1
    choose(person, "tokens_unused")
    assert len(events(app, "profile.changed")) == 1


def test_nothing_else_can_be_switched_off(app, user, person):
    person.open("/account")
    before = contents(app)
    sent = dict.fromkeys(INFORMATIVE, True)
    headers = {"Accept": "application/json", "X-CSRF-Token": person.csrf_token}
    for name in ("new_login", "password_changed"):
        answer = person.ask("POST", "/account/mails", json=sent | {name: False}, headers=headers)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [name])
    assert contents(app) == before
    assert person.ask("POST", "/account/mails", json={"tokens_unused": "x"}, headers=headers).status_code == 400
