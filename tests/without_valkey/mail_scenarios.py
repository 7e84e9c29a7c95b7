"""Links by mail, and the estimate of a password."""

from tests import factories
from tests.accounts.password_reset import ask, set_new
from tests.accounts.registration_calls import register
from tests.outbox_mails import mails
from tests.without_valkey.scenarios import counts
from tests.without_valkey.site import Site

REGISTERED = "mail-request registration-mail-to registration-mail-by"


@counts("POST /register", "POST /verify", limits=f"{REGISTERED} verify-tried")
def a_registration_is_verified(site: Site) -> None:
    person = site.anybody()
    assert register(person).status_code == 200
    person.open(site.mailbox.link())
    assert person.press("Verify my e-mail address", password="wrong wrong wrong").status_code == 422
    assert person.press("Verify my e-mail address", password=factories.PASSWORD).status_code == 200


@counts("POST /register", "POST /verify/again", limits=f"{REGISTERED} mail-to")
def a_verification_is_mailed_again(site: Site) -> None:
    person = site.anybody()
    register(person)
    site.mailbox.opened()
    person.log_in("eve")
    site.forget_login()
    assert person.press("Send mail again").status_code == 200
    assert len(site.mailbox.opened()) == 1


@counts("POST /forgot", "POST /reset", limits="mail-request reset-mail-to reset-tried")
def a_password_is_reset(site: Site) -> None:
    person = site.anybody()
    assert ask(person, "ada").status_code == 200
    assert set_new(person, site.mailbox.link()).status_code == 200


@counts("POST /account/email", limits="email-change")
def an_email_address_is_changed(site: Site) -> None:
    person = site.logged_in()
    person.open("/account")
    assert person.press("Send verification link", email="ada@new.example").status_code == 200
    assert [mail.kind for mail in mails(site.app)] == ["confirm_email"]


@counts("POST /password-strength", limits="estimate-asked")
def a_password_is_estimated(site: Site) -> None:
    person = site.anybody()
    person.open("/register")
    sent = {"csrf_token": person.csrf_token, "password": "correct horse"}
    assert person.ask("POST", "/password-strength", data=sent).status_code == 200
