"""Wrong codes after the right password: the owner is told, a lock leaves ways in, and can be lifted."""

import pytest

from tests import factories
from tests.accounts.password_reset import NEW, ask, set_new
from tests.browser import Person
from tests.outbox_mails import mails
from tests.script import Script
from tests.second_factors import NAMED, half, is_in, passkey_login, with_app, with_passkey, with_sheet
from tests.tables import account, events
from webapp.accounts import lifecycle
from webapp.accounts.familiarity import Familiarity
from webapp.accounts.models import User
from webapp.core.db import Database
from webapp.core.ratelimit import Limiter
from webapp.login.client_familiarity import user_key
from webapp.login.second_step import IN_A_ROW, total
from webapp.web.registry import services_of

WRONG = "000000"
HOME, OTHER = "192.0.2.44", "198.51.100.7"
UNHURRIED = {"WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "1000", "WEBAPP_LOGIN_TRIES_PER_NETWORK": "1000"}


@pytest.fixture
def app(make_app):
    return make_app(**NAMED, **UNHURRIED)


@pytest.fixture
def totp(app, user):
    return with_app(app, user)


def step(app, code, ip_address=OTHER, password=factories.PASSWORD):
    """Half a login, and its second step."""
    person = Person(app, ip_address=ip_address)
    person.log_in("ada", password)
    person.press("Continue", code=code)
    return person


def wrong(app, times, familiarity=Familiarity.UNKNOWN):
    """As if so many wrong codes had come in a row."""
    for limit, key in ((IN_A_ROW[familiarity], user_key(account(app, "ada"))), total(account(app, "ada"))):
        services_of(app).get(Limiter)._database.incr(limit.key([key]), limit.seconds, times)


def owner_mails(app):
    return [mail for mail in mails(app) if mail.kind == "code_refused"]


def by_page(app, ip_address):
    step(app, WRONG, ip_address)


def by_script(app, ip_address):
    body = {"username": "ada", "password": factories.PASSWORD, "code": WRONG}
    assert Script(app, ip_address=ip_address).post("/api/auth", json=body).status_code == 401


@pytest.mark.parametrize("way", [by_page, by_script])
def test_the_first_wrong_code_after_the_right_password_is_mailed_to_the_owner(app, totp, way):
    for _ in range(5):
        way(app, OTHER)
    (mail,) = owner_mails(app)
    assert mail.to == "ada@example.org"
    assert "entered your correct password and then a wrong code" in mail.text
    assert OTHER in mail.text
    assert "/not-me/" in mail.link


def test_a_wrong_code_at_a_confirmation_is_mailed_too(app, totp):
    owner = step(app, totp.code(), HOME)
    owner.open("/confirm")
    owner.press("Confirm", code=WRONG)
    assert len(owner_mails(app)) == 1


def test_a_wrong_password_is_not_mailed(app, totp):
    Person(app).log_in("ada", "not the password")
    assert owner_mails(app) == []


def test_after_fifty_wrong_codes_unknown_clients_are_refused_and_the_owner_mailed_once(app, totp):
    wrong(app, 49)
    step(app, WRONG)
    assert not is_in(step(app, totp.code()))
    assert not is_in(step(app, totp.code()))
    assert len([mail for mail in owner_mails(app) if "locked" in mail.subject]) == 1
    assert "A passkey or a recovery code still works" in owner_mails(app)[-1].text


def test_the_page_says_what_still_works(app, totp):
    wrong(app, 50)
    answer = step(app, totp.code()).page
    assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
    assert "Use a passkey or a recovery code." in answer.text
    assert "/forgot" in answer.text


def test_the_second_step_shows_that_codes_are_locked_and_what_unlocks_them(app, totp):
    text = half(app).page.text
    assert "After 50 wrong codes in a row" in text
    assert "A passkey or a recovery code always works" in text


def test_a_recovery_code_is_never_locked(app, user, totp):
    sheet = with_sheet(app, user)
    for familiarity in Familiarity:
        wrong(app, 100, familiarity)
    assert is_in(step(app, sheet[0]))
    assert is_in(step(app, totp.code())), "and the app counts again"


def test_a_passkey_is_never_locked(app, user, totp):
    device = with_passkey(app, user)
    wrong(app, 100)
    assert passkey_login(Person(app), device).request.path == "/dashboard"


def test_known_networks_and_browsers_can_still_use_the_app(app, totp):
    assert is_in(step(app, totp.code(), HOME))
    wrong(app, 50)
    code = totp.code()
    assert not is_in(step(app, code, OTHER))
    assert is_in(step(app, code, HOME))


def test_known_browsers_and_networks_have_a_limit_too(app, user, totp):
    owner = step(app, with_sheet(app, user)[0], HOME)
    owner.open("/logout")
    owner.press("Log out")
    code = totp.code()
    wrong(app, 25, Familiarity.NETWORK)
    assert not is_in(step(app, code, HOME))
    wrong(app, 24, Familiarity.BROWSER)
    owner.log_in("ada")
    assert owner.press("Continue", code=code).request.path == "/dashboard"
    owner.open("/logout")
    owner.press("Log out")
    wrong(app, 25, Familiarity.BROWSER)
    owner.log_in("ada")
    assert owner.press("Continue", code=totp.code()).status_code == 429


def test_the_limits_add_up_to_a_hundred(app):
    assert sum(limit.amount for limit in IN_A_ROW.values()) == 100


def test_a_new_password_by_a_mailed_link_unlocks_the_app(app, totp):
    wrong(app, 100)
    person = Person(app, ip_address=OTHER)
    ask(person, "ada")
    set_new(person, mails(app)[-1].link)
    assert is_in(step(app, totp.code(), password=NEW))


def test_new_passwords_unlock_the_app_only_up_to_a_total(app, totp):
    """Whoever reads the mails of the account could guess on after each."""
    wrong(app, 300)
    with services_of(app).get(Database).write() as db:
        lifecycle.set_password(db, db.get_one(User, account(app, "ada").id), factories.HASHED)
    assert not is_in(step(app, totp.code()))


@pytest.mark.parametrize("action", [lifecycle.unlock, lifecycle.enable])
def test_an_operator_can_unlock_the_app(app, totp, action):
    wrong(app, 300)
    with services_of(app).get(Database).write() as db:
        action(db, db.get_one(User, account(app, "ada").id))
    assert is_in(step(app, totp.code()))


def test_an_unlock_by_an_admin_is_an_audit_event(app, user, totp):
    wrong(app, 300)
    ines = Person(app)
    factories.user(app, "ines", role="admin")
    ines.log_in("ines")
    ines.open(f"/admin/users/{user.id}")
    ines.follow("Unlock")
    ines.press("Unlock ada", reason="she asked by phone")
    assert is_in(step(app, totp.code()))
    (event,) = events(app, "login.unlocked")
    assert "she asked by phone" in str(event["details"])
    assert mails(app)[-1].kind != "code_refused"


def test_guessed_codes_do_not_lock_out_known_browsers_and_networks(make_app, prepared):
    app = make_app(**NAMED)
    totp = with_app(app, prepared.make(app))
    assert is_in(step(app, totp.code(), HOME))
    for _ in range(11):
        step(app, WRONG, OTHER)
    code = totp.code()
    assert not is_in(step(app, code, OTHER))
    assert is_in(step(app, code, HOME))
