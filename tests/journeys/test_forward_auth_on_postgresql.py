"""Logins at apps behind a proxy, on PostgreSQL: of those who redeem one ticket at once, one wins."""

from dataclasses import replace
from ipaddress import ip_network

from tests.forward_auth import ticket_races
from tests.forward_auth.proxy import OWN_HOST, PROXY
from webapp.app import close, create_app
from webapp.settings import Settings
from webapp.testing import quickened


def test_of_ten_requests_with_one_ticket_one_wins(settings: Settings) -> None:
    asked = replace(settings, trusted_proxies=(ip_network(PROXY),), base_url=f"https://{OWN_HOST}")
    app = quickened(create_app(asked))
    try:
        ticket_races.race(app)
    finally:
        close(app)
