"""Logins with providers of OAuth 2 and OAuth 1 by HTTP: what the site sends, and what it does not follow or read."""

import pytest

from tests.browser import Person
from tests.federation import oauth1_upstream, oauth2_upstream
from tests.federation.http_upstream import reached_by_http, served
from tests.federation.oauth1_upstream import OAuth1Upstream, oauth1_provided
from tests.federation.oauth2_upstream import OAuth2Upstream, oauth2_provided
from tests.federation.upstream import come_back, log_in
from tests.tables import account

ACCOUNT_PAGE = "/login/with/acme/account"


@pytest.fixture
def site(make_app):
    return make_app(WEBAPP_PRIVATE_HOSTS="127.0.0.1")


@pytest.fixture
def by_oauth2(site):
    upstream = OAuth2Upstream()

    def url_there(path):
        return f"{oauth2_upstream.API if path.startswith('/user') else oauth2_upstream.ISSUER}{path}"

    with served(upstream, url_there) as there:
        urls = {
            name: url.replace(oauth2_upstream.API, there.url).replace(oauth2_upstream.ISSUER, there.url)
            for name, url in oauth2_upstream.ENDPOINTS.items()
        }
        reached_by_http(site, lambda: oauth2_provided(site, upstream, issuer=there.url, endpoints=urls))
        yield upstream, there


@pytest.fixture
def by_oauth1(site, monkeypatch):
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "true")
    upstream = OAuth1Upstream()
    with served(upstream, lambda path: f"{there.url}{path}") as there:
        urls = {name: url.replace(oauth1_upstream.ISSUER, there.url) for name, url in oauth1_upstream.ENDPOINTS.items()}
        reached_by_http(site, lambda: oauth1_provided(site, upstream, issuer=there.url, endpoints=urls))
        yield upstream, there


@pytest.fixture
def provider(request):
    return request.getfixturevalue(request.param)


EACH = pytest.mark.parametrize("provider", ["by_oauth2", "by_oauth1"], indirect=True)


@EACH
def test_users_log_in_over_http(site, provider):
    upstream, there = provider
    visitor = Person(site)
    assert log_in(visitor, upstream).headers["Location"] == ACCOUNT_PAGE
    visitor.open(ACCOUNT_PAGE)
    visitor.press("Create account")
    assert account(site, "grace") is not None
    assert log_in(Person(site), upstream).headers["Location"] == "/dashboard"
    assert there.agents == {"Latchkey"}


PATHS = {
    "by_oauth2": ("/token", "/user", "/user/emails"),
    "by_oauth1": ("/request_token", "/access_token", "/me"),
}


@pytest.mark.parametrize("fault", ["a redirect", "10 MB"])
@pytest.mark.parametrize(
    ("provider", "path"),
    [(provider, path) for provider, paths in PATHS.items() for path in paths],
    indirect=["provider"],
)
def test_redirects_are_not_followed_and_10_mb_are_not_read(site, provider, path, fault):
    upstream, there = provider
    if fault == "a redirect":
        there.redirects.add(path)
    else:
        there.bodies[path] = b'{"id": 7, "more": "' + b"a" * 10_000_000 + b'"}'
    visitor = Person(site)
    answer = visitor.ask("GET", "/login/with/acme")
    if answer.status_code == 303:
        answer = come_back(visitor, upstream.authorized(answer.headers["Location"]))
    assert answer.status_code == 502
    assert there.elsewhere == []
