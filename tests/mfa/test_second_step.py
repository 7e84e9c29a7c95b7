"""The second step of a login: which proofs are accepted, for how long, and which are not."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.outbox_mails import mails
from tests.second_factors import (
    JSON,
    STEP,
    amr_of,
    half,
    is_in,
    touch,
    with_app,
    with_passkey,
    with_sheet,
)
from tests.tables import events
from webapp.accounts import lifecycle
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.web.registry import services_of


def test_a_password_is_not_enough_for_a_user_with_an_app(app, totp):
    person = half(app)
    assert not is_in(person)


def test_a_code_completes_the_login_and_redirects(app, totp):
    person = Person(app)
    person.open("/login?next=/tokens")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    assert person.press("Continue", code=totp.code()).request.path == "/tokens"
    assert amr_of(app, person) == "password and code"


def test_a_wrong_code_is_a_field_error_and_logs_nobody_in(app, totp):
    person = half(app)
    answer = person.press("Continue", code="000000")
    assert (answer.status_code, "Wrong code" in answer.text, is_in(person)) == (422, True, False)
    assert len(events(app, "code.refused")) == 1


@pytest.mark.parametrize("typed", ["", " ", "12345", "abcdef", "x" * 101, "1" * 25])
def test_a_malformed_code_is_422_with_a_message(app, totp, typed):
    assert half(app).press("Continue", code=typed).status_code == 422


def test_a_code_logs_in_once(app, totp):
    code = totp.code()
    half(app).press("Continue", code=code)
    second = half(app)
    assert second.press("Continue", code=code).status_code == 422
    assert not is_in(second)


def test_a_code_of_another_account_is_refused(app, totp):
    grace = factories.user(app, "grace")
    theirs = with_app(app, grace)
    person = half(app)
    assert person.press("Continue", code=theirs.code()).status_code == 422


def test_a_recovery_code_replaces_the_app_once_and_is_mailed(app, user, totp):
    codes = with_sheet(app, user)
    person = half(app)
    assert person.press("Continue", code=codes[0].lower().replace("-", " ")).request.path == "/account/security"
    assert "If you lost your phone or a passkey, remove it" in person.page.text
    assert amr_of(app, person) == "password and recovery code"
    assert "You have 9 left" in next(mail.text for mail in mails(app) if mail.kind == "recovery_code_used")
    assert half(app).press("Continue", code=codes[0]).status_code == 422


def test_a_copied_pending_cookie_is_refused_after_the_login(app, totp):
    person = half(app)
    copied = person.cookie
    person.press("Continue", code=totp.code())
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    assert thief.open(STEP).request.path == "/login"
    thief.ask("POST", STEP, data={"code": totp.code(), "csrf_token": thief.csrf_token})
    assert not is_in(thief)


def test_a_pending_login_expires_after_five_minutes(app, totp):
    with time_machine.travel(now(), tick=False) as clock:
        person = half(app)
        clock.shift(timedelta(minutes=5) - timedelta(seconds=1))
        assert person.open(STEP).status_code == 200
        clock.shift(timedelta(seconds=1))
        answer = person.press("Continue", code=totp.code())
        assert answer.request.path == "/login"
        assert "5 minutes" in answer.text
    assert not is_in(person)


def test_a_second_step_without_a_pending_login_redirects_to_the_login(app, totp):
    assert Person(app).open(STEP).request.path == "/login"


def test_a_script_without_a_pending_login_is_refused(app, totp):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    answer = person.ask("POST", STEP, json={"code": totp.code()}, headers=JSON | {"X-CSRF-Token": token})
    assert (answer.status_code, answer.json["code"]) == (401, "credentials_invalid")


@pytest.mark.parametrize(
    "path", ["/dashboard", "/account/security", "/tokens/new", "/account/security/totp", "/confirm"]
)
def test_a_pending_login_grants_no_access(app, totp, path):
    person = half(app)
    assert person.open(path).request.path == "/login"


def test_a_new_password_ends_pending_logins(app, user, totp):
    person = half(app)
    with services_of(app).get(Database).write() as db:
        lifecycle.set_password(db, db.get_one(type(user), user.id), factories.HASHED)
    assert person.press("Continue", code=totp.code()).request.path == "/login"


def test_a_disabled_user_cannot_complete_a_login(app, user, totp):
    person = half(app)
    with services_of(app).get(Database).write() as db:
        db.get_one(type(user), user.id).disabled_at = now()
    assert person.press("Continue", code=totp.code()).request.path == "/login"


def test_the_pending_login_is_that_of_the_last_password(app, user, totp):
    person = half(app)
    factories.user(app, "grace")
    person.log_in("grace")
    assert is_in(person)
    assert person.open(STEP).request.path in ("/login", "/dashboard")


def test_a_script_gets_the_required_factor_and_the_url(app, totp):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    sent = {"username": "ada", "password": factories.PASSWORD}
    answer = person.ask("POST", "/login", json=sent, headers=JSON | {"X-CSRF-Token": token})
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (401, "mfa_required", ["totp"])
    finished = person.ask(
        "POST", answer.json["next_step"], json={"code": totp.code()}, headers=JSON | {"X-CSRF-Token": token}
    )
    assert finished.json["username"] == "ada"


# With a passkey, after a password.
def test_a_passkey_completes_the_login(app, user):
    device = with_passkey(app, user)
    person = half(app)
    assert touch(person, device, f"{STEP}/passkey").request.path == "/dashboard"
    assert amr_of(app, person) == "password and passkey"


def test_a_passkey_of_another_user_does_not_complete_the_login(app, user):
    with_passkey(app, user)
    theirs = with_passkey(app, factories.user(app, "grace"))
    person = half(app)
    assert touch(person, theirs, f"{STEP}/passkey").status_code == 422
    assert not is_in(person)
