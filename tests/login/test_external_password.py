"""What our pages say of a password that is not ours, and do not do to it."""

import re

import pytest

from tests import factories
from tests.browser import Person
from tests.login.directory import PASSWORD, with_provider
from tests.outbox_mails import mails
from tests.tables import account, events
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.fixture
def site(make_app, people):
    return with_provider(make_app)


@pytest.fixture
def grace(site, people):
    people.add("grace", email="grace@example.org")
    person = Person(site)
    person.log_in("grace", PASSWORD)
    return person


def test_the_security_page_shows_that_the_provider_has_the_password(grace):
    assert "Managed by your organisation" in grace.open("/account/security").text


def test_the_password_page_says_it_and_changes_nothing(grace, site):
    answer = grace.open("/account/password")
    assert (answer.status_code, "Your organisation manages" in answer.text) == (409, True)
    fields = {"password": PASSWORD, "new_password": "another horse battery", "csrf_token": csrf_of(grace)}
    assert grace.ask("POST", "/account/password", data=fields).status_code == 409
    assert account(site, "grace").password_hash == ""


def test_was_this_you_refers_to_the_provider_for_the_password(grace):
    grace.open("/account/activity")
    page = grace.follow("Was this you?").text
    assert "Change it at your organisation" in page
    assert 'href="/account/password"' not in page
    assert 'href="/account/password"' not in grace.follow("No, end all access").text


def test_a_forgotten_password_sends_no_mail_for_an_external_password(grace, site):
    visitor = Person(site)
    assert "your organisation manages your password" in visitor.open("/forgot").text
    visitor.press("Send link", username="grace")
    # As for a name that nobody has: the event is of no user, and the mail reaches nobody.
    assert [event["user_id"] for event in events(site, "reset.asked")] == [None]
    assert not mails(site)


def test_an_external_user_can_change_the_profile_but_not_the_name(grace, site):
    grace.open("/account")
    answer = grace.press("Save profile", username="hopper")
    assert (answer.status_code, "managed by your organisation" in answer.text) == (422, True)
    assert grace.press("Save profile", display_name="Amazing Grace", username="grace").status_code == 200
    assert account(site, "grace").display_name == "Amazing Grace"


def test_no_reset_link_is_created_for_an_external_password(grace, site):
    user_id = account(site, "grace").id
    boss = Person(site)
    boss.log_in(factories.user(site, "boss", role="super_admin").username)
    sent = {"reason": "they forgot it", "csrf_token": csrf_of(boss)}
    answer = boss.ask("POST", f"/admin/users/{user_id}/reset-link", data=sent)
    assert (answer.status_code, "is managed elsewhere" in answer.text) == (409, True)
    assert not events(site, "reset.asked")
    with services_of(site).get(Database).write() as db, pytest.raises(lifecycle.PasswordManagedExternally):
        lifecycle.set_password(db, db.get_one(User, user_id), "x")


def test_not_me_refers_to_the_provider_for_the_password(grace, site):
    other = Person(site, user_agent="Mozilla/5.0 (Windows NT 10.0) Chrome/140.0")
    other.log_in("grace", PASSWORD)
    (link,) = re.findall(r"http://[^\s]+(/not-me/\S+)", mails(site)[-1].text)
    visitor = Person(site)
    visitor.open(link)
    page = visitor.press("Secure my account")
    assert "Change it now at your organisation" in page.text
    assert other.ask("GET", "/dashboard").status_code == 303
    assert account(site, "grace").password_hash == ""


def csrf_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]
