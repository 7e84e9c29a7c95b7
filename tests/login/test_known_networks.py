"""Known networks can log in while unknown clients are limited; their own attempts are limited too."""

from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.browser import Person
from tests.login.wrong_passwords import NOON, TRIES, WRONG, attempt, statuses, throttling, with_ada
from tests.tables import account
from webapp.accounts import known_networks, lifecycle
from webapp.accounts.lockout import ALTOGETHER, BY_UNKNOWN, FROM_NETWORKS
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database
from webapp.web.registry import services_of

HOME, OTHER = "192.0.2.44", "198.51.100.7"
NEW = "a quite new battery staple"


@pytest.fixture
def site(make_app):
    return with_ada(throttling(make_app))


def right(app, ip_address=HOME, name="ada", password=factories.PASSWORD):
    return attempt(app, name, password, ip_address).status_code


def by_script(app):
    assert right(app) == 200


def by_page(app):
    assert Person(app, ip_address=HOME).log_in("ada").request.path == "/dashboard"


@pytest.mark.parametrize("log_in", [by_script, by_page])
def test_a_script_can_log_in_from_a_known_network_while_others_are_throttled(site, log_in):
    log_in(site)
    statuses(site, *["ada"] * (TRIES + 2))
    statuses(site, *["ada@example.org"] * (TRIES + 2))
    assert right(site) == 200
    assert right(site, name="ada@example.org") == 200
    assert right(site, ip_address=OTHER) == 429


def test_a_known_network_has_its_own_limited_count(site):
    by_script(site)
    assert statuses(site, *["ada"] * (TRIES + 1), ip_address=HOME) == [401] * TRIES + [429]
    assert right(site, ip_address=OTHER) == 200, "which are not those of strangers"


def test_a_network_known_for_one_account_is_unknown_for_another(site):
    factories.user(site, "eve")
    assert right(site, name="eve") == 200
    statuses(site, *["ada"] * TRIES)
    assert right(site) == 429


def test_the_whole_ipv6_network_of_a_subscriber_is_known(site):
    assert right(site, ip_address="2001:db8:1:2::9") == 200
    statuses(site, *["ada"] * TRIES)
    assert right(site, ip_address="2001:db8:1:2:ffff::1") == 200
    assert right(site, ip_address="2001:db8:1:3::9") == 429


def test_a_refused_login_makes_no_network_known(site):
    statuses(site, "ada", ip_address=HOME)
    statuses(site, *["ada"] * TRIES)
    assert right(site) == 429


def set_password(app):
    with services_of(app).get(Database).write() as db:
        hashed = services_of(app).get(Passwords).hash(NEW)
        lifecycle.set_password(db, db.get_one(User, account(app, "ada").id), hashed)


def test_a_new_password_makes_networks_unknown(site):
    with time_machine.travel(NOON, tick=False) as clock:
        by_script(site)
        clock.shift(timedelta(seconds=1))
        set_password(site)
        statuses(site, *["ada"] * TRIES)
        assert right(site, password=NEW) == 429


def test_the_network_that_sets_the_new_password_stays_known(site):
    owner = Person(site, ip_address=HOME)
    owner.log_in("ada")
    owner.open("/account/password")
    owner.press("Change password", password=factories.PASSWORD, new_password=NEW)
    statuses(site, *["ada"] * TRIES)
    assert right(site, password=NEW) == 200
    owner.open("/logout")
    owner.press("Log out")
    assert owner.log_in("ada", NEW).request.path == "/dashboard"


def test_a_limited_number_of_networks_is_stored_the_latest_ones(site):
    with time_machine.travel(NOON, tick=False) as clock, services_of(site).get(Database).write() as db:
        ada = account(site, "ada").id
        for place in range(known_networks.MAX_NETWORKS + 5):
            clock.shift(timedelta(seconds=1))
            known_networks.remember(db, ada, f"192.0.2.{place}")
            known_networks.remember(db, ada, HOME)
        assert known_networks.count(db, ada) == known_networks.MAX_NETWORKS
        assert known_networks.is_known(db, ada, HOME)
        assert known_networks.is_known(db, ada, f"192.0.2.{known_networks.MAX_NETWORKS + 4}")
        assert not known_networks.is_known(db, ada, "192.0.2.0")


@pytest.mark.parametrize("ip_address", [None, "", "unix:"])
def test_a_client_without_an_ip_address_is_never_known(site, ip_address):
    with services_of(site).get(Database).write() as db:
        ada = account(site, "ada").id
        known_networks.remember(db, ada, ip_address)
        assert not known_networks.is_known(db, ada, ip_address)
        assert known_networks.count(db, ada) == 0


def test_a_logged_in_user_can_confirm_while_others_are_throttled(site):
    """By the session itself: the mark of the browser may be gone."""
    owner = Person(site, ip_address=HOME)
    owner.log_in("ada")
    owner.client.delete_cookie("known")
    statuses(site, *["ada"] * (TRIES + 2), ip_address=HOME)
    owner.open("/confirm")
    assert owner.press("Confirm", password=factories.PASSWORD).status_code == 200
    owner.open("/account/password")
    answer = owner.press("Change password", password=WRONG, new_password=NEW)
    assert answer.status_code == 422, "looked at, and wrong"


@pytest.mark.parametrize(
    ("failed", "from_other", "from_home"),
    [(BY_UNKNOWN - 1, 200, 200), (BY_UNKNOWN, 401, 200), (FROM_NETWORKS, 401, 401), (ALTOGETHER, 401, 401)],
)
def test_wrong_passwords_in_a_row_leave_attempts_for_known_networks_and_browsers(site, failed, from_other, from_home):
    by_script(site)
    for ip_address, expected in ((OTHER, from_other), (HOME, from_home)):
        with services_of(site).get(Database).write() as db:
            db.get_one(User, account(site, "ada").id).failed_logins = failed
        assert right(site, ip_address=ip_address) == expected


def test_a_known_browser_can_log_in_when_its_network_is_over_the_limit(site):
    owner = Person(site, ip_address=HOME)
    owner.log_in("ada")
    owner.open("/logout")
    owner.press("Log out")
    with services_of(site).get(Database).write() as db:
        db.get_one(User, account(site, "ada").id).failed_logins = FROM_NETWORKS
    assert owner.log_in("ada").request.path == "/dashboard"
