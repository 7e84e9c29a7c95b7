"""An e-mail address is verified by the mailed link and the password; nobody can log in to the account before."""

from datetime import timedelta

import pytest

from tests.accounts.registration_calls import SMTP, register
from tests.browser import Person
from tests.factories import PASSWORD
from tests.tables import account
from webapp.accounts import lifecycle, one_time_links
from webapp.accounts.self_registration import SIGN_UP
from webapp.core.db import Database
from webapp.web.registry import services_of


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_REGISTRATION="open", **SMTP)


def test_an_unverified_user_cannot_log_in_but_can_request_the_mail_again(visitor, mailbox):
    register(visitor)
    first = mailbox.link()
    assert "Verify your e-mail address first" in visitor.log_in("eve").text
    visitor.press("Send mail again")
    second = mailbox.link()
    assert [visitor.ask("GET", link).status_code for link in (first, second)] == [303, 303]
    visitor.open(first)
    visitor.press("Verify my e-mail address", password=PASSWORD)
    assert [Person(visitor.app).ask("GET", link).status_code for link in (first, second)] == [404, 404]


def test_a_wrong_password_does_not_reveal_an_unverified_account(visitor, mailbox):
    register(visitor)
    assert "Wrong user name or password" in visitor.log_in("eve", "wrong wrong wrong wrong").text
    assert "Log in</a> to have the link sent again" in visitor.open("/verify/again").text


def test_a_script_gets_the_reason_too(app, visitor, mailbox):
    register(visitor)
    answer = app.test_client().post("/api/auth", json={"username": "eve", "password": PASSWORD})
    assert (answer.status_code, answer.json["title"]) == (403, "Verify your e-mail address first")


def test_wrong_passwords_at_a_verification_are_counted(app, visitor, mailbox):
    register(visitor)
    link = mailbox.link()
    for number in range(10):
        browser = Person(app, ip_address=f"198.51.{number}.7")
        browser.open(link)
        assert browser.press("Verify my e-mail address", password=f"wrong wrong {number}").status_code == 422
    visitor.open(link)
    answer = visitor.press("Verify my e-mail address", password=PASSWORD)
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert account(app, "eve").is_unverified


def test_the_mail_is_sent_again_four_times_an_hour_without_showing_the_limit(app, visitor, mailbox):
    register(visitor)
    mailbox.opened()
    visitor.log_in("eve")
    said = [visitor.press("Send mail again").text for _ in range(6)]
    assert all("The mail was sent again" in text for text in said)
    assert len(mailbox.opened()) == 4


def test_a_click_of_the_owner_of_an_email_address_does_not_verify_an_account_of_another(visitor, mailbox):
    register(visitor, "mallory", "victim@example.org")
    victim = Person(visitor.app)
    victim.open(mailbox.link())
    victim.press("Verify my e-mail address", password="what the victim would type")
    assert account(visitor.app, "mallory").is_unverified


def test_a_password_reset_gives_an_unverified_account_to_the_owner_of_the_mailbox(visitor, mailbox):
    register(visitor, "mallory", "victim@example.org")
    mailbox.opened()
    victim = Person(visitor.app)
    victim.open("/forgot")
    victim.press("Send link", username="victim@example.org")
    victim.open(mailbox.link())
    victim.press("Set password", password="umbrella otter lantern 9")
    assert "Wrong user name or password" in visitor.log_in("mallory").text
    assert "Hello" in victim.log_in("mallory", "umbrella otter lantern 9").text


def test_a_disabled_account_cannot_be_verified(app, visitor, mailbox):
    register(visitor, "eve", "eve@example.org")
    visitor.open(mailbox.link())
    with services_of(app).get(Database).write() as db:
        eve = db.merge(account(app, "eve"))
        lifecycle.disable(db, eve)
        late = one_time_links.create(db, SIGN_UP, timedelta(days=1), user_id=eve.id, email=eve.email)
    assert visitor.press("Verify my e-mail address", password=PASSWORD).status_code == 404
    assert visitor.ask("GET", f"/verify/{late}").status_code == 404
    assert account(app, "eve").is_unverified
