"""Wrong passwords are counted by account, exactly, across processes."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.login.wrong_passwords import NOON, TRIES, WRONG, attempt, statuses, throttling, with_ada
from tests.tables import events
from webapp.accounts.passwords import Passwords
from webapp.web.registry import services_of


@pytest.fixture
def site(make_app):
    return with_ada(throttling(make_app))


def test_over_the_limit_even_the_right_password_is_refused(site):
    assert statuses(site, *["ada"] * TRIES) == [401] * TRIES
    assert attempt(site, password=factories.PASSWORD).status_code == 429


def test_a_throttled_script_gets_retry_after(site):
    with time_machine.travel(NOON, tick=False):
        statuses(site, *["ada"] * TRIES)
        answer = attempt(site)
        assert (answer.mimetype, answer.json["code"]) == ("application/problem+json", "throttled")
        assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_a_throttled_browser_gets_a_page(site):
    statuses(site, *["ada"] * TRIES)
    person = Person(site)
    answer = person.log_in("ada")
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert "minute" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["ada", "ada@example.org", "ada"], id="name and e-mail"),
        pytest.param(["ada", "ADA", "aDa"], id="capitals"),
        pytest.param(["ada", "ａｄａ", "ＡＤＡ"], id="full width"),
        pytest.param(["ada", " ada", "ada "], id="spaces around"),
        pytest.param(["ada@example.org", "ADA@EXAMPLE.ORG", "Ada@Example.Org"], id="capitals in the e-mail"),
        pytest.param(["ada", "\tada", "ada\u3000"], id="odd spaces"),
    ],
)
def test_attempts_are_counted_per_account_however_its_name_is_written(site, names):
    """Authelia, CVE-2025-24806: separate counters for name and e-mail. What is told: ``test_shared_counters``."""
    assert statuses(site, *names) == [401, 401, 401]
    found = [attempt(site, name, factories.PASSWORD).status_code for name in ("ada", "ada@example.org")]
    assert 200 not in found


@pytest.mark.parametrize("names", [["eve"] * 3, ["eve", "EVE", "ｅｖｅ"], ["eve@example.org"] * 3])
def test_an_unknown_name_is_counted_like_a_known_one(site, names):
    """Authelia, issue 11972: unknown names not counted."""
    assert statuses(site, *names) == [401, 401, 401]
    assert attempt(site, names[0]).status_code == 429


def test_one_account_does_not_use_up_the_attempts_of_another(site):
    statuses(site, *["eve"] * (TRIES + 1))
    assert attempt(site).status_code == 401


def test_attempts_are_counted_across_processes(site, make_app):
    other = throttling(make_app)
    assert [attempt(app).status_code for app in (site, other, site)] == [401, 401, 401]
    assert attempt(other, password=factories.PASSWORD).status_code == 429


def test_simultaneous_attempts_are_counted_exactly(site):
    with ThreadPoolExecutor(12) as at_once:
        found = list(at_once.map(lambda _: attempt(site).status_code, range(12)))
    assert sorted(found) == [401] * TRIES + [429] * (12 - TRIES)


def test_a_count_is_kept_although_the_request_is_refused(site):
    """Vikunja, CVE-2026-35597: a lockout written in a transaction that is rolled back."""
    person = Person(site)
    person.open("/login")
    for _ in range(TRIES):
        assert person.press("Log in", username="ada", password=WRONG).status_code == 422
    assert person.press("Log in", username="ada", password=factories.PASSWORD).status_code == 429


def test_the_login_page_the_api_and_the_confirmation_share_one_counter(site):
    owner = Person(site)
    owner.log_in("ada")
    attempt(site)
    visitor = Person(site, ip_address="198.51.100.7")
    visitor.log_in("ada", WRONG)
    attempt(site)
    assert visitor.log_in("ada").status_code == 429


def test_wrong_confirmations_are_throttled_too(site):
    owner = Person(site)
    owner.log_in("ada")
    owner.open("/confirm")
    found = [owner.press("Confirm", password=WRONG).status_code for _ in range(TRIES)]
    assert found == [422] * TRIES
    fields = {"csrf_token": owner.csrf_token, "password": WRONG}
    assert owner.ask("POST", "/confirm", data=fields).status_code == 429


def test_a_login_succeeds_after_the_window_has_ended(site):
    with time_machine.travel(NOON, tick=False) as clock:
        statuses(site, *["ada"] * TRIES)
        wait = int(attempt(site).headers["Retry-After"])
        clock.shift(timedelta(seconds=wait - 1))
        assert attempt(site, password=factories.PASSWORD).status_code == 429
        clock.shift(timedelta(seconds=1))
        assert attempt(site, password=factories.PASSWORD).status_code == 200


def test_further_attempts_do_not_extend_the_window(site):
    with time_machine.travel(NOON, tick=False) as clock:
        statuses(site, *["ada"] * TRIES)
        clock.shift(timedelta(minutes=14))
        statuses(site, *["ada"] * 20)
        clock.shift(timedelta(minutes=1))
        assert attempt(site, password=factories.PASSWORD).status_code == 200


def test_a_login_resets_the_count_of_its_account(site):
    statuses(site, *["ada"] * (TRIES - 1))
    assert attempt(site, password=factories.PASSWORD).status_code == 200
    assert statuses(site, *["ada"] * TRIES) == [401] * TRIES


def test_a_throttled_account_is_recorded_once_per_window(site):
    statuses(site, *["ada"] * (TRIES + 5))
    assert len(events(site, "login.throttled")) == 1
    assert len(events(site, "session.refused")) == TRIES


def test_no_password_is_hashed_for_a_throttled_client(site):
    class Watched:
        asked = 0

        def verify(self, hashed, password):
            self.asked += 1
            return factories.QUICK.verify(hashed, password)

    statuses(site, *["ada"] * TRIES)
    services_of(site).get(Passwords).hasher = watched = Watched()
    attempt(site)
    assert watched.asked == 0
