"""The second step of a login: what it takes, how long it waits, and what is worth nothing."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.letters import mails
from tests.second_factors import App, amr_of, passkey_login, touch, with_app, with_passkey, with_sheet
from tests.tables import events
from webapp.kernel.clock import now

JSON = {"Accept": "application/json"}
STEP = "/login/second-step"


@pytest.fixture
def totp(app, user):
    return with_app(app, user)


def half(app) -> Person:
    """Ada, whose password was right."""
    person = Person(app)
    person.log_in("ada")
    assert person.page.request.path == STEP
    return person


def is_in(person) -> bool:
    return person.ask("GET", "/protected").status_code == 200


def test_a_password_is_not_enough_for_whoever_has_an_app(app, totp):
    person = half(app)
    assert not is_in(person)


def test_a_code_finishes_the_login_and_leads_on(app, totp):
    person = Person(app)
    person.open("/login?next=/tokens")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    assert person.press("Go on", code=totp.code()).request.path == "/tokens"
    assert amr_of(app, person) == "password and code"


def test_a_wrong_code_is_said_beside_the_field_and_opens_nothing(app, totp):
    person = half(app)
    answer = person.press("Go on", code="000000")
    assert (answer.status_code, "does not fit" in answer.text, is_in(person)) == (422, True, False)
    assert len(events(app, "code.refused")) == 1


@pytest.mark.parametrize("typed", ["", " ", "12345", "abcdef", "x" * 101, "1" * 25])
def test_what_is_no_code_is_422_in_words(app, totp, typed):
    assert half(app).press("Go on", code=typed).status_code == 422


def test_a_code_logs_in_once(app, totp):
    code = totp.code()
    half(app).press("Go on", code=code)
    second = half(app)
    assert second.press("Go on", code=code).status_code == 422
    assert not is_in(second)


def test_a_code_of_another_account_is_worth_nothing(app, totp):
    grace = factories.user(app, "grace")
    theirs = with_app(app, grace)
    person = half(app)
    assert person.press("Go on", code=theirs.code()).status_code == 422


def test_a_recovery_code_stands_in_for_the_app_once_and_a_mail_tells(app, user, totp):
    codes = with_sheet(app, user)
    person = half(app)
    assert person.press("Go on", code=codes[0].lower().replace("-", " ")).request.path == "/dashboard"
    assert amr_of(app, person) == "password and recovery code"
    assert "9 are left" in next(mail.text for mail in mails(app) if mail.kind == "recovery_code_used")
    assert half(app).press("Go on", code=codes[0]).status_code == 422


def test_a_copied_pending_cookie_is_worth_nothing_after_the_login(app, totp):
    person = half(app)
    copied = person.cookie
    person.press("Go on", code=totp.code())
    thief = Person(app)
    thief.client.set_cookie("session", copied)
    thief.open(STEP)
    thief.press("Go on", code=totp.code())
    assert not is_in(thief)


def test_the_first_step_is_worth_nothing_after_five_minutes(app, totp):
    with time_machine.travel(now(), tick=False) as clock:
        person = half(app)
        clock.shift(timedelta(minutes=5) - timedelta(seconds=1))
        assert person.open(STEP).status_code == 200
        clock.shift(timedelta(seconds=1))
        answer = person.press("Go on", code=totp.code())
        assert answer.request.path == "/login"
        assert "five minutes" in answer.text
    assert not is_in(person)


def test_a_second_step_without_a_first_leads_to_the_login(app, totp):
    assert Person(app).open(STEP).request.path == "/login"


def test_a_script_that_begins_with_the_second_step_is_refused(app, totp):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    answer = person.ask("POST", STEP, json={"code": totp.code()}, headers=JSON | {"X-CSRF-Token": token})
    assert (answer.status_code, answer.json["code"]) == (401, "credentials_invalid")


@pytest.mark.parametrize(
    "path", ["/dashboard", "/account/security", "/tokens/new", "/account/security/totp", "/confirm"]
)
def test_half_a_login_opens_nothing(app, totp, path):
    person = half(app)
    assert person.open(path).request.path == "/login"


def test_a_new_password_ends_the_logins_that_wait(app, user, totp):
    person = half(app)
    with app.extensions["database"].write() as db:
        db.get_one(type(user), user.id).password_changed_at = now()
    assert person.press("Go on", code=totp.code()).request.path == "/login"


def test_a_disabled_user_does_not_finish(app, user, totp):
    person = half(app)
    with app.extensions["database"].write() as db:
        db.get_one(type(user), user.id).disabled_at = now()
    assert person.press("Go on", code=totp.code()).request.path == "/login"


def test_the_login_that_waits_is_that_of_the_last_password(app, user, totp):
    person = half(app)
    factories.user(app, "grace")
    person.log_in("grace")
    assert is_in(person)
    assert person.open(STEP).request.path in ("/login", "/dashboard")


def test_a_script_hears_what_is_needed_and_where(app, totp):
    person = Person(app)
    token = person.ask("GET", "/login", headers=JSON).json["csrf_token"]
    sent = {"username": "ada", "password": factories.PASSWORD}
    answer = person.ask("POST", "/login", json=sent, headers=JSON | {"X-CSRF-Token": token})
    assert (answer.status_code, answer.json["code"], answer.json["required"]) == (401, "mfa_required", ["totp"])
    finished = person.ask(
        "POST", answer.json["next_step"], json={"code": totp.code()}, headers=JSON | {"X-CSRF-Token": token}
    )
    assert finished.json["username"] == "ada"


# Guessing.


def test_after_ten_wrong_codes_not_even_the_right_one_is_looked_at(app, totp):
    with time_machine.travel(now(), tick=False) as clock:
        person = half(app)
        for _ in range(10):
            assert person.press("Go on", code="000000").status_code == 422
        answer = person.press("Go on", code=totp.code())
        assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
        clock.shift(timedelta(minutes=15, seconds=1))
        totp.shift = 0
        assert half(app).press("Go on", code=totp.code()).request.path == "/dashboard"


def test_fifty_wrong_codes_from_many_places_are_counted_for_the_account(app, user, totp):
    for place in range(50):
        person = Person(app, address=f"198.51.100.{place}")
        person.log_in("ada")
        person.press("Go on", code="000000")
    assert half(app).press("Go on", code=totp.code()).status_code == 429


def test_a_hundred_wrong_codes_in_a_row_are_all_that_an_account_takes_in_a_month(make_app, user):
    app = make_app(
        WEBAPP_BASE_URL="http://localhost",
        WEBAPP_LOGIN_TRIES_PER_ACCOUNT="1000",
        WEBAPP_LOGIN_TRIES_PER_ADDRESS="1000",
    )
    mine, person = with_app(app, user), half(app)
    for _ in range(100):
        assert person.press("Go on", code="000000").status_code == 422
    assert person.press("Go on", code=mine.code()).status_code == 429
    with time_machine.travel(now() + timedelta(days=29), tick=False):
        assert half(app).press("Go on", code=App(mine.seed).code()).status_code == 429


def test_the_tries_are_counted_in_every_process_alike(make_app, app, user, totp):
    here, there = half(app), half(make_app(WEBAPP_BASE_URL="http://localhost"))
    for person in (here, there) * 5:
        person.press("Go on", code="000000")
    assert here.press("Go on", code=totp.code()).status_code == 429


def test_a_passkey_works_while_codes_are_throttled(app, user, totp):
    device = with_passkey(app, user)
    person = half(app)
    for _ in range(11):
        person.press("Go on", code="000000")
    assert passkey_login(Person(app), device).request.path == "/dashboard"


def test_guesses_of_codes_are_told_to_the_owner(app, user, totp):
    person = half(app)
    person.press("Go on", code="000000")
    person.press("Go on", code=totp.code())
    assert "wrong code" in person.open("/account/activity").text


# With a passkey, after a password.


def test_a_passkey_finishes_the_login_as_well(app, user):
    device = with_passkey(app, user)
    person = half(app)
    assert touch(person, device, f"{STEP}/passkey").request.path == "/dashboard"
    assert amr_of(app, person) == "password and passkey"


def test_a_passkey_of_somebody_else_does_not(app, user):
    with_passkey(app, user)
    theirs = with_passkey(app, factories.user(app, "grace"))
    person = half(app)
    assert touch(person, theirs, f"{STEP}/passkey").status_code == 422
    assert not is_in(person)


# Trusted browsers.


@pytest.fixture
def trusting(make_app, user):
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_TRUST_BROWSERS="true")
    return app, with_app(app, user)


def trusted_person(app, totp) -> Person:
    person = half(app)
    person.press("Go on", code=totp.code(), trust="y")
    return person


def again(person, name="ada"):
    if is_in(person):
        person.open("/logout")
        person.press("Log out")
    return person.log_in(name)


def test_a_house_that_does_not_trust_browsers_offers_nothing(app, totp):
    person = half(app)
    assert "Trust this browser" not in person.page.text
    person.press("Go on", code=totp.code(), trust="y")
    assert again(person).request.path == STEP


def test_a_trusted_browser_is_asked_for_the_password_alone(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    assert again(person).request.path == "/dashboard"
    assert amr_of(app, person) == "password"


def test_trust_lasts_thirty_days(trusting):
    app, totp = trusting
    with time_machine.travel(now(), tick=False) as clock:
        person = trusted_person(app, totp)
        clock.shift(timedelta(days=30, seconds=-1))
        assert again(person).request.path == "/dashboard"
        clock.shift(timedelta(seconds=2))
        assert again(person).request.path == STEP


def test_trust_is_for_one_account(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    with_app(app, factories.user(app, "grace"))
    assert again(person, "grace").request.path == STEP


def test_trust_is_listed_and_ended(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    assert "Firefox on Linux is trusted" in person.open("/account/sessions").text
    person.press("Trust no more Firefox on Linux")
    assert again(person).request.path == STEP


def test_the_one_switch_names_what_is_trusted(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    assert "One trusted browser" in person.open("/account/security/end-everything").text


def test_trust_ends_with_the_sessions(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    other = half(app)
    other.press("Go on", code=totp.code())
    other.open("/account/sessions/end-others")
    other.press("Log out on")
    assert again(person).request.path == STEP


def test_a_trust_cookie_is_no_session(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    thief = Person(app)
    thief.client.set_cookie("session", person.client.get_cookie("trusted").value)
    assert not is_in(thief)
