"""Trusted browsers need no second factor for 30 days, for one account, until the trust is removed."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.second_factors import (
    STEP,
    amr_of,
    half,
    is_in,
    with_app,
)
from webapp.core.clock import now


@pytest.fixture
def trusting(make_app, user):
    app = make_app(WEBAPP_BASE_URL="http://localhost", WEBAPP_TRUST_BROWSERS="true")
    return app, with_app(app, user)


def trusted_person(app, totp) -> Person:
    person = half(app)
    person.press("Continue", code=totp.code(), trust="y")
    return person


def again(person, name="ada"):
    if is_in(person):
        person.open("/logout")
        person.press("Log out")
    return person.log_in(name)


def test_without_the_setting_no_browser_can_be_trusted(app, totp):
    person = half(app)
    assert "Trust this browser" not in person.page.text
    person.press("Continue", code=totp.code(), trust="y")
    assert again(person).request.path == STEP


def test_a_trusted_browser_needs_only_the_password(trusting):
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


def test_a_browser_is_trusted_for_one_account(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    with_app(app, factories.user(app, "grace"))
    assert again(person, "grace").request.path == STEP


def test_trusted_browsers_are_listed_and_can_be_ended(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    assert "No second factor needed until" in person.open("/account/sessions").text
    person.press("Remove trust Firefox on Linux")
    assert again(person).request.path == STEP


def test_end_all_access_names_trusted_browsers(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    assert "1 trusted browser" in person.open("/account/security/end-everything").text


def test_trust_ends_with_the_sessions(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    other = half(app)
    other.press("Continue", code=totp.code())
    other.open("/account/sessions/end-others")
    other.press("Log out 1 device")
    assert again(person).request.path == STEP


def test_a_trust_cookie_is_no_session(trusting):
    app, totp = trusting
    person = trusted_person(app, totp)
    thief = Person(app)
    thief.client.set_cookie("session", person.client.get_cookie("trusted").value)
    assert not is_in(thief)
