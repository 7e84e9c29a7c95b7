"""Another e-mail address: confirmed from there, undone from the one before."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.tables import contents, everything
from webapp.accounts import lifecycle, one_time_links
from webapp.accounts.email_change import CONFIRM
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of

NEW = "ada@new.example"


def email(app, user) -> str | None:
    with services_of(app).get(Database).read() as db:
        return db.get_one(User, user.id).email


def ask(person: Person, email: str = NEW):
    person.open("/account")
    return person.press("Send verification link", email=email)


def follow(person: Person, path: str, button: str):
    person.open(path)
    return person.press(button)


def test_an_email_address_is_changed_only_after_its_link_was_followed(person, app, user):
    assert NEW in ask(person).text
    (mail,) = mails(app)
    assert (mail.kind, mail.to, email(app, user)) == ("confirm_email", NEW, "ada@example.org")
    Person(app).open(mail.link)
    assert email(app, user) == "ada@example.org", "a program that follows links changes nothing"
    follow(Person(app), mail.link, "Verify")
    assert email(app, user) == NEW


def test_the_email_address_of_a_disabled_user_cannot_be_confirmed(person, app, user):
    ask(person)
    other = Person(app)
    other.open(mails(app)[0].link)
    with services_of(app).get(Database).write() as db:
        lifecycle.disable(db, db.get_one(User, user.id))
        late = one_time_links.create(db, CONFIRM, timedelta(days=1), user_id=user.id, email=NEW)
    assert other.press("Verify").status_code == 404
    assert other.ask("GET", f"/account/email/confirm/{late}").status_code == 404
    assert email(app, user) == "ada@example.org"


def test_the_former_email_address_gets_a_mail_that_reverts_the_change(person, app, user):
    ask(person)
    follow(person, mails(app)[0].link, "Verify")
    told = mails(app)[1]
    assert (told.kind, told.to) == ("email_changed", "ada@example.org")
    assert "203.0.113.18" in told.text
    assert "Firefox on Linux" in told.text
    visitor = follow(Person(app), told.link, "Restore")
    assert "All sessions and script logins have ended" in visitor.text
    assert email(app, user) == "ada@example.org"
    assert person.ask("GET", "/dashboard").status_code == 303


def test_a_second_change_does_not_void_the_link_that_reverts_the_first(person, app, user):
    ask(person)
    follow(person, mails(app)[0].link, "Verify")
    ask(person, "eve@evil.example")
    follow(person, mails(app)[2].link, "Verify")
    undo, theirs = mails(app)[1].link, mails(app)[3].link
    follow(Person(app), undo, "Restore")
    assert email(app, user) == "ada@example.org"
    assert Person(app).open(theirs).status_code == 404


@pytest.mark.parametrize(("which", "days"), [(0, 1), (1, 7)])
def test_a_link_works_once_and_expires(person, app, which, days):
    ask(person)
    button = ("Verify", "Restore")[which]
    if which:
        follow(person, mails(app)[0].link, "Verify")
    link = mails(app)[which].link
    with time_machine.travel(now() + timedelta(days=days, seconds=1), tick=False):
        assert Person(app).open(link).status_code == 404
    follow(Person(app), link, button)
    assert Person(app).open(link).status_code == 404


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "A", lambda s: s.swapcase()])
def test_a_truncated_or_extended_link_is_refused(person, app, change):
    ask(person)
    assert Person(app).open(change(mails(app)[0].link)).status_code == 404


def test_a_confirmation_link_cannot_revert_a_change(person, app):
    ask(person)
    assert Person(app).open(mails(app)[0].link.replace("/confirm/", "/undo/")).status_code == 404


def test_another_request_a_new_password_or_cancelling_voids_the_link(person, app):
    ask(person)
    ask(person, "ada@other.example")
    assert Person(app).open(mails(app)[0].link).status_code == 404
    person.open("/account")
    person.press("Cancel change to ada@other.example")
    assert Person(app).open(mails(app)[1].link).status_code == 404
    ask(person)
    person.open("/account/password")
    person.press("Change password", password=factories.PASSWORD, new_password="another horse battery")
    assert Person(app).open(mails(app)[2].link).status_code == 404


def test_only_the_owner_learns_that_an_email_address_is_taken(person, app, user):
    factories.user(app, "eve")
    mine = ask(person, "EVE@example.org").text
    assert [(mail.kind, mail.to) for mail in mails(app)] == [("email_taken_by_change", "eve@example.org")]
    assert "We sent a link to EVE@example.org" in mine
    assert email(app, user) == "ada@example.org"


def test_of_two_requests_for_one_email_address_the_first_to_confirm_succeeds(person, app, user):
    other = Person(app)
    eve = factories.user(app, "eve")
    other.log_in("eve")
    ask(person)
    ask(other)
    follow(other, mails(app)[1].link, "Verify")
    assert follow(person, mails(app)[0].link, "Verify").status_code == 409
    assert (email(app, eve), email(app, user)) == (NEW, "ada@example.org")


@pytest.mark.parametrize(
    "email", ["", "x", "a@b@c.example", "a@x.example\r\nBcc: e@e.example", "a@x.example, b@x.example"]
)
def test_a_value_that_is_no_email_address_is_refused(person, app, email):
    before = contents(app)
    assert ask(person, email).status_code == 422
    assert contents(app) == before


def test_a_list_of_email_addresses_is_refused(person, app):
    person.open("/account")
    headers = {"Accept": "application/json", "X-CSRF-Token": person.csrf_token}
    answer = person.ask("POST", "/account/email", json={"email": ["a@x.example", "b@x.example"]}, headers=headers)
    assert (answer.status_code, mails(app)) == (400, [])


def test_the_sixth_email_address_in_an_hour_is_throttled(person, app):
    for number in range(5):
        ask(person, f"ada{number}@new.example")
    answer = ask(person)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0, len(mails(app))) == (429, True, 5)
    beside = Person(app)
    beside.log_in(factories.user(app, "eve").username)
    assert ask(beside, "eve@new.example").status_code == 200


def test_links_have_the_base_url_whatever_the_host_header(make_app):
    app = make_app(WEBAPP_BASE_URL="https://site.example")
    user = factories.user(app, "ada")
    person = Person(app, base_url="https://evil.example")
    person.log_in(user.username)
    ask(person)
    assert "https://site.example/account/email/confirm/" in mails(app)[0].text
    assert "evil.example" not in mails(app)[0].text


def test_no_secret_of_a_link_is_in_clear_in_the_tables(person, app, instance):
    ask(person)
    assert mails(app)[0].link.rpartition("/")[2] not in everything(instance / "latchkey.db")


def test_changing_the_email_address_needs_a_step_up(person, app):
    person.open("/account")
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert person.press("Send verification link", email=NEW).status_code == 401
        person.press("Confirm", password=factories.PASSWORD)
        person.press("Send form")
    assert mails(app)[0].to == NEW
