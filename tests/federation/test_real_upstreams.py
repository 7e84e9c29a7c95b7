"""First and second login, a wrong secret, and both kinds of logout, with providers over HTTP."""

from contextlib import closing
from urllib.parse import urlsplit

import pytest

from tests import factories
from tests.browser import Person
from tests.conftest import copied
from tests.federation.real_upstreams import (
    LOCAL,
    MockBrowser,
    NodeBrowser,
    closing_visitor,
    node_oidc_provider,
    oidc_provider_mock,
    served,
)
from tests.federation.test_logout_at_provider import logs_out
from tests.federation.upstream import FROM_OUTSIDE, entered, leave
from tests.oauth.app import registered
from tests.ports import free_port
from webapp.app import close
from webapp.federation import provider_errors
from webapp.federation.models import LoginProvider, ProviderError
from webapp.testing import build


@pytest.fixture
def site(make_app):
    """A site that providers on this machine reach."""
    port = free_port()
    app = make_app(WEBAPP_BASE_URL=f"http://127.0.0.1:{port}", **LOCAL)
    with served(app, port):
        yield app


def come_back(person, url):
    parts = urlsplit(url)
    return person.ask("GET", f"{parts.path}?{parts.query}", headers=FROM_OUTSIDE)


def logs_in_twice(site, browser):
    """A first login, which makes an account, and a second one, which finds it. Returns the person of the second."""
    first, second = Person(site), Person(site)
    assert come_back(first, browser.open(leave(first))).headers["Location"] == "/login/with/acme/account"
    first.open("/login/with/acme/account")
    first.press("Create account")
    assert first.ask("GET", "/account").status_code == 200
    assert come_back(second, browser.open(leave(second))).headers["Location"] == "/dashboard"
    return second


def a_wrong_secret_is_said(site, browser):
    with factories.database_of(site).write() as db:
        db.query(LoginProvider).one().client_secret = None
    person = Person(site)
    answer = come_back(person, browser.open(leave(person)))
    assert answer.status_code == 502
    assert "does not work at the moment" in answer.text
    with factories.database_of(site).read() as db:
        kind = db.query(ProviderError).one().kind
    assert provider_errors.SENTENCES[kind].startswith("The provider refused the client secret.")


def test_node_oidc_provider_logs_users_in_and_out(site):
    with node_oidc_provider(site.config["BASE_URL"]) as issuer, closing(NodeBrowser(issuer)) as browser:
        entered(site, issuer, logs_out=True)
        person = logs_in_twice(site, browser)
        assert "grace@example.org" in person.open("/account").text
        assert come_back(person, browser.open(leave(person, "/login/with/acme/confirm"))).status_code == 303
        other = Person(site)
        come_back(other, browser.open(leave(other)))
        # The logout of one continues there, and the logout token that the provider sends ends the other one.
        back = browser.open(logs_out(person))
        assert back.startswith(f"{site.config['BASE_URL']}/login/with/acme/logged-out?state=")
        assert come_back(person, back).headers["Location"] == "/login"
        assert other.ask("GET", "/account").status_code == 303
        a_wrong_secret_is_said(site, browser)


def test_oidc_provider_mock_logs_users_in(site):
    with oidc_provider_mock() as issuer:
        entered(site, issuer)
        person = logs_in_twice(site, MockBrowser())
    assert "grace@example.org" in person.open("/account").text


def test_another_site_of_ours_logs_users_in(site, migrated):
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    with copied(migrated) as instance:
        provider = build(instance, WEBAPP_BASE_URL=issuer, **LOCAL)
        factories.user(provider, "ada")
        client = registered(provider, "Shop", f"{site.config['BASE_URL']}/login/with/acme/callback")
        with served(provider, port), closing_visitor(issuer) as browser:
            entered(site, issuer, secret=client.secret, client_id=client.client_id)
            logs_in_twice(site, browser)
            a_wrong_secret_is_said(site, browser)
        close(provider)
