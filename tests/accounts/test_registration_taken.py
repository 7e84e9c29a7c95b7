"""Registering what is taken already: the same answer for strangers, and a mail for the owner."""

from datetime import timedelta

import pytest
import time_machine

from tests.accounts.registration_calls import SMTP, register
from tests.browser import Person
from tests.factories import PASSWORD
from tests.mailbox import link_in
from tests.tables import account, contents
from webapp.accounts import lifecycle
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_REGISTRATION="open", **SMTP)


@pytest.mark.parametrize(
    "taken", [{"name": "ada"}, {"email": "ada@example.org"}, {"name": "ADA", "email": "ADA@example.org"}]
)
def test_taken_and_free_names_get_the_same_response(app, visitor, user, mailbox, taken):
    free = register(Person(app), "bob", "bob@example.org")
    answer = register(visitor, **{"name": "eve", "email": "eve@example.org"} | taken)
    assert (answer.status_code, answer.request.path) == (free.status_code, free.request.path)
    assert answer.text == free.text


@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org"], ids=["taken", "free"])
def test_the_lookup_of_taken_names_happens_after_the_response(app, visitor, user, mailbox, email):
    visitor.open("/register")
    before = contents(app)
    fields = {"username": "eve", "email": email, "password": PASSWORD, "csrf_token": visitor.csrf_token}
    answer = visitor.ask("POST", "/register", data=fields, buffered=False)
    meanwhile = contents(app)
    # Stored for all alike, encrypted, so that it is not lost with the process.
    assert len(meanwhile.pop("mail_request")) == 1
    assert (answer.status_code, meanwhile | {"mail_request": []}) == (303, before)
    answer.close()
    assert mailbox.one().to == email


def test_only_the_owner_of_a_taken_email_address_gets_a_mail(visitor, user, mailbox):
    register(visitor, "eve", "ADA@example.org")
    mail = mailbox.one()
    assert (mail.to, mail.content.subject) == ("ada@example.org", "You already have an account at Latchkey")
    assert account(visitor.app, "eve") is None


def test_a_disabled_owner_gets_no_mail(app, visitor, user, mailbox):
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get(User, user.id))
    register(visitor, "eve", "ada@example.org")
    assert mailbox.opened() == []


def test_a_taken_name_is_mailed_with_a_link_to_choose_another(visitor, user, mailbox):
    register(visitor, "Ada", "eve@example.org")
    mail = mailbox.one()
    assert mail.to == "eve@example.org"
    visitor.open(link_in(mail))
    assert "Hello" in visitor.press("Register", username="eve", password=PASSWORD).text


def test_a_second_registration_before_the_verification_sends_the_link_again(visitor, mailbox):
    register(visitor)
    first = mailbox.link()
    register(visitor, "Eve", "EVE@example.org")
    second = mailbox.link()
    assert visitor.ask("GET", first).status_code == 303
    visitor.open(second)
    assert "Your e-mail address is verified" in visitor.press("Verify my e-mail address", password=PASSWORD).text


def test_a_second_registration_does_not_change_the_password(visitor, mailbox):
    register(visitor)
    mailbox.opened()
    register(Person(visitor.app), password="another person at another desk")
    visitor.open(mailbox.link())
    again = visitor.press("Verify my e-mail address", password="another person at another desk")
    assert "Wrong password. Try again" in again.text
    assert "Your e-mail address is verified" in visitor.press("Verify my e-mail address", password=PASSWORD).text


def test_an_unverified_name_is_free_again_after_two_days(visitor, mailbox):
    register(visitor, "eve", "eve@example.org")
    mailbox.opened()
    with time_machine.travel(now() + timedelta(days=2, seconds=1)):
        late = Person(visitor.app)
        register(late, "eve", "other@example.org")
        late.open(mailbox.link())
        late.press("Verify my e-mail address", password=PASSWORD)
    assert account(visitor.app, "eve").email == "other@example.org"


def test_one_network_cannot_use_up_the_registration_mails_of_an_email_address(app, mailbox):
    mallory, eve = Person(app, ip_address="198.51.100.7"), Person(app)
    for number in range(6):
        register(mallory, f"mallory{number}", "eve@example.org")
    assert len(mailbox.opened()) == 3
    register(eve, "eve", "eve@example.org")
    assert mailbox.one().to == "eve@example.org"


def test_one_mailbox_gets_at_most_twelve_mails_an_hour_from_all_networks(app, mailbox):
    for number in range(15):
        register(Person(app, ip_address=f"198.51.100.{number}"), f"mallory{number}", "eve@example.org")
    assert len(mailbox.opened()) == 12
