"""User names that are e-mail addresses: by setting, given by operators and providers alone, and of one account only."""

import pytest

from tests import factories
from tests.accounts.registration_calls import SMTP
from tests.browser import Person
from tests.factories import PASSWORD
from tests.login.wrong_passwords import attempt
from tests.outbox_mails import mails
from tests.tables import contents
from webapp.accounts import email_change, invitations, provisioning, registration, user_queries
from webapp.accounts.invitations import InvitationRequest
from webapp.accounts.models import User
from webapp.accounts.names import InvalidUserName
from webapp.accounts.password_backend import Identity
from webapp.accounts.registration import EmailTaken, NewUser, UserNameTaken
from webapp.core.db import Database
from webapp.web.registry import services_of

NAME = "grace@old.example.net"


def add(app, name=NAME, email=None, origin="cli"):
    new = NewUser(username=name, email=email, password_hash=factories.HASHED)
    with services_of(app).get(Database).write() as db:
        return registration.add(db, new, origin=origin)


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_EMAIL_USER_NAMES="true", WEBAPP_REGISTRATION="open", **SMTP)


def test_without_the_setting_no_user_name_has_an_at_sign(app):
    with pytest.raises(InvalidUserName):
        add(app)


@pytest.mark.parametrize(
    "typed", [NAME, "GRACE@OLD.example.net", "ｇｒａｃｅ@old.example.net", " grace@old.example.net "]
)
def test_such_a_user_logs_in_by_user_name_and_by_email_address(site, typed):
    add(site, email="grace@example.org")
    assert Person(site).log_in(typed).request.path == "/dashboard"
    assert Person(site).log_in("grace@example.org").request.path == "/dashboard"


def test_a_user_name_can_equal_the_email_address_and_the_profile_can_be_saved(site):
    add(site, email=NAME)
    person = Person(site)
    person.log_in(NAME)
    person.open("/account")
    person.press("Save", display_name="Grace")
    assert "Your profile was saved" in person.page.text


@pytest.mark.parametrize(
    "name", ["@example.org", "a@", "a b@example.org", "a@b@example.org", "a" * 50 + "@example.org"]
)
def test_a_user_name_with_an_at_sign_must_be_an_email_address(site, name):
    with pytest.raises(InvalidUserName):
        add(site, name)


def named(site, name, origin="cli"):
    add(site, name, origin=origin)


def called_so_by_the_provider(site, name):
    with services_of(site).get(Database).write() as db:
        provisioning.create_account(db, Identity(username=name))


def renamed_by_the_provider(site, name):
    with services_of(site).get(Database).write() as db:
        user = provisioning.create_account(db, Identity(username="eve", subject="1"))
        provisioning.apply_rename(db, user, name)


@pytest.mark.parametrize("attack", [named, called_so_by_the_provider, renamed_by_the_provider])
@pytest.mark.parametrize("name", ["ada@example.org", "ADA@Example.org", "ａda@example.org"])
def test_the_email_address_of_another_account_cannot_be_a_user_name(site, attack, name):
    factories.user(site, "ada", email="ada@example.org")
    with pytest.raises(UserNameTaken):
        attack(site, name)


def registered(site):
    visitor = Person(site)
    visitor.open("/register")
    page = visitor.press("Register", username=NAME, email="eve@example.org", password=PASSWORD)
    return page.status_code, "eve@example.org"


def invited(site):
    with services_of(site).get(Database).write() as db:
        made = invitations.create(db, InvitationRequest(email="eve@example.org"))
    visitor = Person(site)
    visitor.open(made.path)
    return visitor.press("Register", username=NAME, password=PASSWORD).status_code, "eve@example.org"


def renamed(site):
    factories.user(site, "eve", email="eve@example.org")
    person = Person(site)
    person.log_in("eve")
    person.open("/account")
    return person.press("Save", username=NAME).status_code, "eve@example.org"


def renamed_to_the_own_address(site):
    factories.user(site, "eve", email=NAME)
    person = Person(site)
    person.log_in("eve")
    person.open("/account")
    return person.press("Save", username=NAME).status_code, NAME


@pytest.mark.parametrize("attack", [registered, invited, renamed, renamed_to_the_own_address])
def test_users_cannot_choose_an_email_address_as_user_name(site, attack):
    """Not even one that nobody has here: its owner could come later."""
    status, email = attack(site)
    assert status == 422
    with services_of(site).get(Database).read() as db:
        found = user_queries.by_name_or_email(db, NAME)
    assert found is None or (found.username, found.email) == ("eve", email)


def test_a_registration_with_an_email_address_that_is_a_user_name_is_taken(site):
    add(site, email="grace@example.org")
    visitor = Person(site)
    visitor.open("/register")
    visitor.press("Register", username="eve", email=NAME, password=PASSWORD)
    assert "we sent" in visitor.page.text.lower()
    (mail,) = mails(site)
    assert (mail.to, mail.kind) == ("grace@example.org", "email_taken_by_registration")
    assert attempt(site, "eve", PASSWORD).status_code == 401


def test_an_invitation_to_such_an_email_address_creates_no_second_account(site):
    add(site)
    with pytest.raises(EmailTaken):
        add(site, "eve", email=NAME, origin="invitation")


def test_an_email_address_cannot_be_changed_to_the_user_name_of_another_account(site):
    add(site, email="grace@example.org")
    user = factories.user(site, "eve", email="eve@example.org")
    person = Person(site)
    person.log_in("eve")
    person.open("/account/email")
    person.press("Send verification link", email=NAME)
    assert ("email_taken_by_change", "grace@example.org") in [(mail.kind, mail.to) for mail in mails(site)]
    before = contents(site)
    with pytest.raises(EmailTaken), services_of(site).get(Database).write() as db:
        email_change.set_email(db, db.get_one(User, user.id), NAME, is_verified=True)
    assert contents(site) == before


def test_a_user_can_change_the_email_address_to_the_own_user_name(site):
    user = add(site, email="grace@example.org")
    with services_of(site).get(Database).write() as db:
        email_change.set_email(db, db.get_one(User, user.id), NAME, is_verified=True)
    assert Person(site).log_in(NAME).request.path == "/dashboard"


def test_guesses_by_either_name_are_counted_for_the_account(make_app):
    site = make_app(WEBAPP_EMAIL_USER_NAMES="true", WEBAPP_LOGIN_TRIES_PER_ACCOUNT="4")
    add(site, email="grace@example.org")
    assert [attempt(site, name).status_code for name in (NAME, "grace@example.org") * 2] == [401] * 4
    assert 200 not in [attempt(site, name, PASSWORD).status_code for name in (NAME, "grace@example.org")]


def test_such_names_stay_valid_without_the_setting(site, make_app):
    add(site)
    assert Person(make_app()).log_in(NAME).request.path == "/dashboard"
