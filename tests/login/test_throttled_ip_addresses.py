"""Attempts are counted by network, whatever name they try; and which IP addresses are one network."""

import pytest

from tests import factories
from tests.login.wrong_passwords import attempt, statuses, throttling
from webapp.core.client_network import network_of


def test_a_login_does_not_reset_the_count_of_its_network(make_app):
    """Whoever has an account could otherwise guess at others' without an end."""
    app = throttling(make_app, WEBAPP_LOGIN_TRIES_PER_NETWORK="3")
    factories.user(app, "ada")
    assert statuses(app, "a1", "a2") == [401, 401]
    assert attempt(app, password=factories.PASSWORD).status_code == 200
    assert attempt(app, "a3").status_code == 401
    assert attempt(app, "a4").status_code == 429


def test_attempts_are_limited_per_network_whatever_the_names(make_app):
    app = throttling(make_app, WEBAPP_LOGIN_TRIES_PER_NETWORK="5")
    assert statuses(app, *(f"name{n}" for n in range(6))) == [401] * 5 + [429]
    assert attempt(app, ip_address="198.51.100.2").status_code == 401


@pytest.mark.parametrize(
    ("one", "other", "is_one"),
    [
        pytest.param("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True, id="two addresses of one subscriber"),
        pytest.param("2001:db8:1:2::1", "2001:db8:1:3::1", False, id="two subscribers"),
        pytest.param("203.0.113.1", "203.0.113.2", False, id="two IPv4 addresses"),
        pytest.param("::ffff:203.0.113.1", "203.0.113.1", True, id="an IPv4 address in both its forms"),
        pytest.param("::ffff:203.0.113.1", "::ffff:203.0.113.2", False, id="two IPv4 addresses in their IPv6 form"),
        pytest.param("fe80::1%eth0", "fe80::2%eth0", True, id="two addresses on one cable"),
    ],
)
def test_ip_addresses_that_count_as_one_network(one, other, is_one):
    assert (network_of(one) == network_of(other)) == is_one


@pytest.mark.parametrize("ip_address", [None, "", "nonsense", "unix:"])
def test_clients_without_an_ip_address_share_one_count(ip_address):
    assert network_of(ip_address) == "unknown"
