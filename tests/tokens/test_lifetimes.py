"""Lifetimes of tokens: to the end of the last day, within the limits of the site."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.script import Script
from tests.tokens.mint_calls import by_json, mint, token_in

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_the_expiry_date_of_a_script_is_used(app, user):
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in(user.username)
        answer = by_json(person, expires_on="2026-11-25")
        assert answer.status_code == 201
        assert answer.json["expires_at"] == "2026-11-26T00:00:00Z"


def test_a_token_is_valid_until_the_end_of_its_last_day(app, user):
    with time_machine.travel(NOON, tick=False) as clock:
        person = Person(app)
        person.log_in(user.username)
        script = Script(app, token_in(mint(person, expires_in="", expires_on="2026-11-22")))
        clock.move_to(NOON.replace(hour=23, minute=59, second=59))
        assert script.get("/dashboard").status_code == 200
        clock.shift(1)
        assert script.get("/dashboard").status_code == 401


@pytest.mark.parametrize("expiry", [{"expires_in": "31536000"}, {"expires_in": "", "expires_on": "2027-11-22"}])
def test_no_token_lives_longer_than_the_policy_allows(make_app, expiry):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="30d")
    factories.user(app, "ada")
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in("ada")
        assert mint(person, **expiry).status_code == 422


@pytest.mark.parametrize("days", range(28, 33))
def test_a_date_is_compared_with_the_limit_at_the_end_of_its_day(make_app, days):
    app = make_app(WEBAPP_TOKEN_LIFETIME_MAX="30d")
    factories.user(app, "ada")
    with time_machine.travel(NOON, tick=False):
        person = Person(app)
        person.log_in("ada")
        answer = by_json(person, expires_on=f"{NOON + days * DAY:%Y-%m-%d}")
        if answer.status_code == 201:
            assert datetime.fromisoformat(answer.json["expires_at"]) <= NOON + 30 * DAY
        assert (answer.status_code == 201) == (days <= 29)
