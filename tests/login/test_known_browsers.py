"""Known browsers can log in while unknown clients are limited; their own attempts are limited too."""

import pytest

from tests import factories
from tests.browser import Person
from tests.login.wrong_passwords import TRIES, WRONG, statuses, throttling, with_ada


@pytest.fixture
def site(make_app):
    return with_ada(throttling(make_app))


def test_the_owner_can_log_in_from_a_known_browser_while_others_are_throttled(site):
    owner = Person(site)
    owner.log_in("ada")
    owner.open("/logout")
    owner.press("Log out")
    statuses(site, *["ada"] * (TRIES + 2))
    assert owner.log_in("ada").request.path == "/dashboard"


def test_a_known_browser_has_its_own_limited_count(site):
    owner = Person(site)
    owner.log_in("ada")
    owner.open("/logout")
    owner.press("Log out")
    for _ in range(TRIES):
        owner.log_in("ada", WRONG)
    assert owner.log_in("ada").status_code == 429


def test_a_browser_known_for_one_account_is_unknown_for_another(site):
    eve = Person(site)
    factories.user(site, "eve")
    eve.log_in("eve")
    eve.open("/logout")
    eve.press("Log out")
    statuses(site, *["ada"] * TRIES)
    assert eve.log_in("ada").status_code == 429


@pytest.mark.parametrize("cookie", ["garbage", "a.b.c", "", "e30.aaaa.bbbb", "x" * 4000])
def test_a_forged_known_browser_cookie_is_ignored(site, cookie):
    statuses(site, *["ada"] * TRIES)
    person = Person(site)
    person.client.set_cookie("known", cookie)
    assert person.log_in("ada").status_code == 429


def test_a_known_browser_cookie_grants_no_access(site):
    owner = Person(site)
    owner.log_in("ada")
    mark = owner.client.get_cookie("known").value
    visitor = Person(site)
    visitor.client.set_cookie("known", mark)
    assert visitor.open("/dashboard").request.path == "/login"
