"""A new password where a second factor is demanded: it may be shorter, and proves no more than a password."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import factories
from tests.browser import Person
from tests.second_factors import with_app
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials.models import Credential
from webapp.web.registry import services_of

SHORT = "otter-42-x"


@pytest.mark.parametrize(("role", "status"), [("admin", 303), ("user", 422)])
def test_eight_characters_are_enough_where_a_second_factor_is_required(strict, role, status):
    user = factories.user(strict, "mara", role=role)
    mine, person = with_app(strict, user), Person(strict)
    person.log_in("mara")
    person.press("Continue", code=mine.code())
    page = person.open("/account/password").text
    assert ("At least 8 characters" in page) == (role == "admin")
    sent = {"password": factories.PASSWORD, "new_password": SHORT, "csrf_token": person.csrf_token}
    assert person.ask("POST", "/account/password", data=sent).status_code == status


def test_seven_characters_are_too_few_even_there(strict, admin):
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Continue", code=mine.code())
    person.open("/account/password")
    assert "at least 8" in person.press("Change password", password=factories.PASSWORD, new_password="otter-4").text


@pytest.fixture
def changed(strict, admin):
    """Somebody who has shown a code, and eleven minutes later typed a new password."""
    mine, person = with_app(strict, admin), Person(strict)
    person.log_in("mara")
    person.press("Continue", code=mine.code())
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        person.open("/account/password")
        person.press("Change password", password=factories.PASSWORD, new_password="umbrella otter lantern 9")
        yield person


def test_a_new_password_does_not_refresh_a_second_factor(changed):
    assert changed.open("/admin").status_code == 200
    assert changed.open("/account/security/totp/remove").request.path == "/confirm"


@pytest.mark.usefixtures("changed")
def test_a_new_password_does_not_extend_the_session(strict):
    with services_of(strict).get(Database).read() as db:
        old, new = db.scalars(select(Credential).where(Credential.kind == "session"))
        assert old.expires_at == new.expires_at
