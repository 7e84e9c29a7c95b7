"""A browser comes to an app, logs in at the site and goes back; the next app asks nobody; logout closes both."""

import pytest

from tests.forward_auth.proxy import proxied

WIKI, NOTES = "https://wiki.example.org", "https://notes.example.net"


@pytest.fixture(autouse=True)
def apps(app):
    proxied(app, "wiki")
    proxied(app, "notes", hosts=["notes.example.net"])


def test_login_leads_back_to_the_page_of_the_app(proxy):
    page = f"{WIKI}/page?x=1&y=%C3%A4"
    reached = proxy.log_in(page)
    assert reached.status_code == 200
    assert reached.headers["Remote-User"] == "ada"
    assert [status for status, _url in proxy.hops] == [303, 303, 200]
    assert proxy.hops[-1][1] == page


def test_login_page_names_the_app(proxy):
    assert "Wiki" in proxy.open(f"{WIKI}/").text


def test_next_app_asks_nobody(proxy):
    proxy.log_in(f"{WIKI}/")
    assert proxy.open(f"{NOTES}/").headers["Remote-User"] == "ada"
    assert proxy.open(f"{NOTES}/").headers["Remote-User"] == "ada"
    assert len(proxy.hops) == 1


def test_logout_closes_both_apps_with_the_next_request(proxy):
    proxy.log_in(f"{WIKI}/")
    proxy.open(f"{NOTES}/")
    proxy.person.open("/dashboard")
    proxy.person.press("Log out")
    for url in (WIKI, NOTES):
        assert proxy.check(f"{url}/").status_code == 401
