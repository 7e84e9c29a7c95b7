"""Step-up with a code or a passkey, by the factors of the user."""

from datetime import timedelta

import time_machine

from tests import factories
from tests.browser import Person
from tests.second_factors import (
    amr_of,
    passkey_login,
    touch,
    with_app,
    with_passkey,
)
from webapp.core.clock import now


def old(person):
    """Eleven minutes later."""
    return time_machine.travel(now() + timedelta(minutes=11), tick=False)


def test_a_user_with_an_app_confirms_with_a_code_and_keeps_the_level(app, user):
    mine, person = with_app(app, user), Person(app)
    person.log_in("ada")
    person.press("Continue", code=mine.code())
    with old(person):
        assert person.open("/tokens/new").request.path == "/confirm"
        answer = person.press("Confirm", code="000000")
        assert (answer.status_code, "Wrong code" in answer.text) == (422, True)
        mine.shift = 0
        assert person.press("Confirm", code=mine.code()).request.path == "/tokens/new"
        assert amr_of(app, person) == "password and code"


def test_a_user_with_an_app_cannot_confirm_with_a_password(app, user):
    mine, person = with_app(app, user), Person(app)
    person.log_in("ada")
    person.press("Continue", code=mine.code())
    with old(person):
        person.open("/tokens/new")
        assert person.press("Confirm", password=factories.PASSWORD).status_code == 422
        assert person.ask("GET", "/tokens/new").status_code == 303


def test_a_passkey_session_is_confirmed_by_a_passkey_not_by_a_code(app, user):
    device, mine, person = with_passkey(app, user), with_app(app, user), Person(app)
    passkey_login(person, device)
    with old(person):
        person.open("/tokens/new")
        assert 'name="code"' not in person.page.text
        page = person.page
        assert person.press("Use a passkey", code=mine.code()).status_code == 422
        person.page = page
        assert touch(person, device, "/confirm/passkey").request.path == "/tokens/new"
        assert amr_of(app, person) == "passkey"


def test_a_confirmation_accepts_only_a_passkey_of_the_user(app, user):
    device, person = with_passkey(app, user), Person(app)
    theirs = with_passkey(app, factories.user(app, "eve"))
    passkey_login(person, device)
    with old(person):
        person.open("/tokens/new")
        assert touch(person, theirs, "/confirm/passkey").status_code == 422
