"""Lock-out after many wrong passwords in a row: unknown clients are refused, the owner is mailed and can log in."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from tests.tables import events
from webapp.accounts.lockout import ALTOGETHER, BY_UNKNOWN
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.web.registry import services_of

WRONG = "not the password"
NEW = "a quite new battery staple"
# The windows of the throttle are not what is looked at here.
MANY = {"WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "1000", "WEBAPP_LOGIN_TRIES_PER_NETWORK": "1000"}


@pytest.fixture
def app(make_app):
    return make_app(**MANY)


def attempt(app, password=WRONG, name="ada"):
    return Script(app).post("/api/auth", json={"username": name, "password": password})


def after(app, user, failed):
    """As if so many wrong passwords had come in a row."""
    with services_of(app).get(Database).write() as db:
        db.get_one(User, user.id).failed_logins = failed


def failed(app, user):
    with services_of(app).get(Database).read() as db:
        return db.get_one(User, user.id).failed_logins


def known_browser(app):
    """The owner's browser, logged in once and out again."""
    owner = Person(app)
    owner.log_in("ada")
    owner.open("/logout")
    owner.press("Log out")
    return owner


def can_log_in(person, password=factories.PASSWORD):
    return person.log_in("ada", password).request.path == "/dashboard"


def test_after_the_limit_of_wrong_passwords_unknown_clients_are_refused(app, user):
    after(app, user, BY_UNKNOWN - 1)
    assert attempt(app).status_code == 401
    refused, wrong = attempt(app, factories.PASSWORD), attempt(app)
    assert (refused.status_code, refused.json["code"]) == (401, "credentials_invalid")
    assert {**refused.json, "instance": ""} == {**wrong.json, "instance": ""}, "they learn nothing by it"
    assert not can_log_in(Person(app))


def test_the_last_allowed_attempt_can_succeed(app, user):
    after(app, user, BY_UNKNOWN - 1)
    assert attempt(app, factories.PASSWORD).status_code == 200
    assert failed(app, user) == 0


def test_a_right_password_resets_the_count(app, user):
    for password, row in ((WRONG, 1), (WRONG, 2), (factories.PASSWORD, 0), (WRONG, 1)):
        attempt(app, password)
        assert failed(app, user) == row


def test_refused_attempts_are_not_counted(app, user):
    after(app, user, BY_UNKNOWN)
    attempt(app)
    assert failed(app, user) == BY_UNKNOWN


def test_simultaneous_attempts_are_counted_exactly(app, user):
    with ThreadPoolExecutor(12) as at_once:
        list(at_once.map(lambda _: attempt(app), range(20)))
    assert failed(app, user) == 20


def test_a_known_browser_can_still_log_in(app, user):
    owner = known_browser(app)
    after(app, user, BY_UNKNOWN)
    assert can_log_in(owner)


def test_known_browsers_have_a_limit_too(app, user):
    owner = known_browser(app)
    after(app, user, ALTOGETHER - 1)
    owner.log_in("ada", WRONG)
    assert not can_log_in(owner)


def test_sessions_and_tokens_keep_working(app, user):
    owner, script = Person(app), Script(app, factories.api_token(app, user).token)
    owner.log_in("ada")
    after(app, user, ALTOGETHER)
    assert owner.open("/dashboard").request.path == "/dashboard"
    assert script.get("/protected").status_code == 200


@pytest.mark.parametrize(
    ("ceiling", "says"),
    [(BY_UNKNOWN, "browsers that you have"), (ALTOGETHER, "Logging in with a password is now locked")],
)
def test_the_owner_gets_one_mail(app, user, ceiling, says):
    owner = known_browser(app)
    after(app, user, ceiling - 1)
    for _ in range(2):
        owner.log_in("ada", WRONG)
    (mail,) = [mail for mail in mails(app) if mail.kind == "login_locked"]
    assert mail.to == "ada@example.org"
    assert says in mail.text
    assert len(events(app, "login.locked")) == 1


def test_a_new_password_by_a_mailed_link_unlocks_the_account(app, user):
    after(app, user, ALTOGETHER)
    somebody = Person(app)
    somebody.open("/forgot")
    somebody.press("Send link", username="ada")
    somebody.open(mails(app)[-1].link)
    somebody.press("Set password", password=NEW)
    assert can_log_in(somebody, NEW)


def test_an_admin_can_unlock_the_account(app, user):
    after(app, user, ALTOGETHER)
    ines = Person(app)
    factories.user(app, "ines", role="admin")
    ines.log_in("ines")
    assert "too many wrong passwords" in ines.open(f"/admin/users/{user.id}").text
    ines.follow("Unlock")
    ines.press("Unlock ada", reason="it was me who guessed")
    assert can_log_in(Person(app))
    assert len(events(app, "login.unlocked")) == 1
    assert mails(app)[-1].kind == "login_unlocked"


def test_an_unknown_name_is_refused_with_the_same_message(app, user):
    after(app, user, ALTOGETHER)
    known, unknown = attempt(app), attempt(app, name="eve")
    assert {**known.json, "instance": ""} == {**unknown.json, "instance": ""}
