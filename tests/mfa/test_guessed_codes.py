"""Codes that are guessed: counted by account and in every process, and told to the owner."""

from datetime import timedelta

import time_machine

from tests.browser import Person
from tests.second_factors import (
    half,
    passkey_login,
    with_passkey,
)
from webapp.core.clock import now


def test_after_ten_wrong_codes_even_the_right_one_is_refused(app, totp):
    with time_machine.travel(now(), tick=False) as clock:
        person = half(app)
        for _ in range(10):
            assert person.press("Continue", code="000000").status_code == 422
        answer = person.press("Continue", code=totp.code())
        assert (answer.status_code, "Retry-After" in answer.headers) == (429, True)
        clock.shift(timedelta(minutes=15, seconds=1))
        totp.shift = 0
        assert half(app).press("Continue", code=totp.code()).request.path == "/dashboard"


def test_ten_wrong_codes_from_ten_places_are_counted_for_the_account(app, user, totp):
    for place in range(10):
        person = Person(app, ip_address=f"198.51.100.{place}")
        person.log_in("ada")
        person.press("Continue", code="000000")
    assert half(app).press("Continue", code=totp.code()).status_code == 429


def test_attempts_are_counted_across_processes(make_app, app, user, totp):
    here, there = half(app), half(make_app(WEBAPP_BASE_URL="http://localhost"))
    for person in (here, there) * 5:
        person.press("Continue", code="000000")
    assert here.press("Continue", code=totp.code()).status_code == 429


def test_a_passkey_works_while_codes_are_throttled(app, user, totp):
    device = with_passkey(app, user)
    person = half(app)
    for _ in range(11):
        person.press("Continue", code="000000")
    assert passkey_login(Person(app), device).request.path == "/dashboard"


def test_guessed_codes_are_in_the_activity_of_the_owner(app, user, totp):
    person = half(app)
    person.press("Continue", code="000000")
    person.press("Continue", code=totp.code())
    assert "wrong code" in person.open("/account/activity").text
