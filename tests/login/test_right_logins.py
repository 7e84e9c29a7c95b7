"""A right login gives back the attempt that it was counted as, and no other."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.login.wrong_passwords import NOON, WRONG, attempt, statuses
from tests.second_factors import half, with_app, with_sheet
from webapp.core.client_network import network_of
from webapp.core.clock import now
from webapp.core.ratelimit import Limiter
from webapp.login.flow import LoginFlow
from webapp.web.registry import services_of

OFFICE = "203.0.113.1"
MORE_THAN_THE_LIMIT = 6
FEW = {"WEBAPP_LOGIN_TRIES_PER_NETWORK": "5", "WEBAPP_LOGIN_TRIES_PER_ACCOUNT": "4"}


@pytest.fixture
def site(make_app):
    app = make_app(**FEW)
    factories.user(app, "ada")
    return app


def counts(app, name):
    return [hits for key, hits, _ in services_of(app).get(Limiter).entries() if f"/{name}/" in f"/{key}"]


def tries_of_network(app, name="login-network"):
    return sum(counts(app, name))


def by_page(app):
    return Person(app, ip_address=OFFICE).log_in("ada").status_code


def by_api(app):
    return attempt(app, "ada", factories.PASSWORD, OFFICE).status_code


def by_email(app):
    return attempt(app, "ada@example.org", factories.PASSWORD, OFFICE).status_code


def by_known_browser(app):
    person = Person(app, ip_address=OFFICE)
    person.log_in("ada")
    person.open("/logout")
    person.press("Log out")
    return person.log_in("ada").status_code


def by_confirmation(app):
    person = Person(app, ip_address=OFFICE)
    person.log_in("ada")
    person.open("/confirm")
    return person.press("Confirm", password=factories.PASSWORD).status_code


def by_password_form(app):
    person = Person(app, ip_address=OFFICE)
    person.log_in("ada")
    person.open("/account/password")
    person.press("Change password", password=factories.PASSWORD, new_password=factories.PASSWORD)
    assert "already your password" in person.page.text
    return 200


@pytest.mark.parametrize("enter", [by_page, by_api, by_email, by_known_browser, by_confirmation, by_password_form])
def test_right_passwords_do_not_count_towards_limits(site, enter):
    assert [enter(site) for _ in range(MORE_THAN_THE_LIMIT)] == [200] * MORE_THAN_THE_LIMIT
    assert tries_of_network(site) == 0


def test_more_people_of_an_office_than_the_limit_can_log_in(site):
    people = [factories.user(site).username for _ in range(MORE_THAN_THE_LIMIT)]
    assert [attempt(site, name, factories.PASSWORD, OFFICE).status_code for name in people] == [200] * len(people)


def test_right_codes_do_not_count_against_the_network(app, user):
    totp, person = with_app(app, user), half(app)
    person.press("Continue", code="000000")
    assert tries_of_network(app, "code-network") == 1
    person.press("Continue", code=totp.code())
    assert (person.page.request.path, tries_of_network(app, "code-network")) == ("/dashboard", 1)


def test_right_recovery_codes_do_not_count_against_the_network(app, user):
    with_app(app, user)
    codes = with_sheet(app, user)
    half(app).press("Continue", code=codes[0])
    assert tries_of_network(app, "code-network") == 0


def test_one_right_password_gives_no_additional_wrong_attempts(site):
    """Giving back is one's own try only: neither the network's count nor that of another account begins anew."""
    factories.user(site, "mallory")

    def between():
        assert attempt(site, "mallory", factories.PASSWORD, OFFICE).status_code == 200

    found = []
    for number in range(7):
        if number < 5:
            between()
        found += statuses(site, f"name{number}", ip_address=OFFICE)
    assert found == [401] * 5 + [429] * 2
    assert attempt(site, "mallory", factories.PASSWORD, OFFICE).status_code == 429


def test_one_right_password_does_not_reset_the_count_of_another_account(site):
    factories.user(site, "mallory")
    for number in range(4):
        assert attempt(site, "ada", WRONG, f"198.51.100.{number}").status_code == 401
        assert attempt(site, "mallory", factories.PASSWORD, f"198.51.100.{number}").status_code == 200
    assert attempt(site, "ada", factories.PASSWORD, "198.51.100.9").status_code == 429


def test_an_attempt_that_ends_in_the_next_window_is_not_given_back(site):
    limiter, flow = services_of(site).get(Limiter), services_of(site).get(LoginFlow)
    network = flow.by_network, network_of(OFFICE)
    with time_machine.travel(NOON, tick=False) as clock:
        limiter.take(*network)
        since = now()
        clock.shift(timedelta(minutes=15))
        limiter.forgive([], [network], since=since)
        assert limiter.peek(*network).remaining == 5
        clock.shift(timedelta(seconds=1))
        limiter.take(*network)
        limiter.forgive([], [network], since=since)
        assert limiter.peek(*network).remaining == 4
