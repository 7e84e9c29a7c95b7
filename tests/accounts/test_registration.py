"""Making an account in an open site: the mailed link, what fits, and what is not kept."""

import pytest

from tests.accounts.registration_calls import SMTP, register
from tests.browser import Person
from tests.factories import PASSWORD
from tests.tables import account, contents, events


@pytest.fixture
def app(make_app):
    return make_app(WEBAPP_REGISTRATION="open", **SMTP)


def test_an_account_is_activated_by_the_mailed_link_and_its_password(visitor, mailbox):
    assert "Check your mailbox" in register(visitor).text
    visitor.open(mailbox.link())
    page = visitor.press("Verify my e-mail address", password=PASSWORD).text
    assert "Your e-mail address is verified" in page
    assert "Hello" in page, "the password was just proved, and is not asked for once more"


def test_registration_mails_to_one_mailbox_are_limited_without_showing_it(app, mailbox):
    answers = [register(Person(app), f"eve{number}", "ada@example.org") for number in range(6)]
    assert len({(answer.status_code, answer.text) for answer in answers}) == 1
    # Of one network; others may have some sent too: tests/accounts/test_registration_taken.py.
    assert len(mailbox.opened()) == 3


def test_registrations_of_one_network_are_limited(app, mailbox):
    browser = Person(app)
    statuses = [register(browser, f"eve{number}", f"eve{number}@example.org").status_code for number in range(31)]
    assert (set(statuses[:30]), statuses[30]) == ({200}, 429)
    assert register(Person(app, ip_address="192.0.2.1")).status_code == 200


@pytest.mark.parametrize("name", ["role", "email_verified_at", "is_verified", "invitation"])
def test_a_role_that_is_sent_along_is_refused(visitor, mailbox, name):
    before = contents(visitor.app)
    visitor.open("/register")
    sent = {"username": "eve", "email": "eve@example.org", "password": PASSWORD, name: "super_admin"}
    assert visitor.press("Register", **sent).status_code == 422
    assert contents(visitor.app) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "eve@example.org\r\nBcc: all@example.org"),
        ("email", "eve@example.org,ada@example.org"),
        ("email", "Eve <eve@example.org>"),
        ("email", "eve@localhost"),
        ("email", "eve@site.local"),
        ("username", "eve\r\nSubject: x"),
        ("username", "аda"),
        ("username", "раура"),
        ("username", "eve@example.org"),
        ("username", "a" * 51),
        ("username", "ⅷ"),
        ("password", "eve"),
        ("password", "passwordpassword"),
        ("password", "my name is everard"),
        ("password", "latchkey latchkey latchkey"),
        ("password", "a" * 300),
    ],
)
def test_an_invalid_form_is_refused_with_messages_and_changes_nothing(app, visitor, field, value):
    before = contents(app)
    visitor.open("/register")
    sent = {"username": "everard", "email": "eve@example.org", "password": PASSWORD} | {field: value}
    answer = visitor.press("Register", **sent)
    assert answer.status_code == 422
    assert "Nothing was saved" in answer.text
    assert contents(app) == before


def test_a_domain_of_the_site_is_accepted_by_setting(make_app):
    app = make_app(WEBAPP_REGISTRATION="open", WEBAPP_EMAIL_SPECIAL_DOMAINS="local,lan", **SMTP)
    register(Person(app), "eve", "eve@site.local")
    assert account(app, "eve@site.local")


def test_names_are_stored_as_typed(app, visitor, mailbox):
    register(visitor, "Ève.Straße", "Eve.Long@Example.org")
    eve = account(app, "ÈVE.STRASSE")
    assert (eve.username, eve.email) == ("Ève.Straße", "Eve.Long@example.org")


def test_no_secret_is_logged_or_recorded(app, visitor, mailbox, logged):
    register(visitor)
    link = mailbox.link()
    visitor.open(link)
    visitor.press("Verify my e-mail address", password=PASSWORD)
    said = logged() + repr(events(app))
    assert link.rpartition("/")[2] not in said
    assert PASSWORD not in said


def test_a_typed_password_is_estimated_and_not_stored(app, visitor):
    before = contents(app)
    visitor.open("/register")

    def estimate(password):
        body = {"password": password, "username": "eve", "email": ""}
        headers = {"X-CSRF-Token": visitor.csrf_token, "Accept": "application/json"}
        return visitor.client.post("/password-strength", json=body, headers=headers).json

    assert estimate("short")["fits"] is False
    assert "leaked" in estimate("passwordpassword")["message"]
    assert estimate(PASSWORD) == {"fits": True, "score": 4, "message": "Very strong.", "says": "Very strong."}
    assert contents(app) == before
