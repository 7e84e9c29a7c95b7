"""A page opened at another URL than the base URL: redirected there, without a loop and to nowhere else."""

import pytest

from tests import factories
from tests.browser import HTML, Person
from tests.script import Script

SITE = "https://login.example.org"
TRUSTED = {"WEBAPP_BASE_URL": SITE, "WEBAPP_TRUSTED_PROXIES": "10.0.0.0/8"}
PROXY = "10.0.0.1"


def opened(app, at, path="/login", *, ip_address=PROXY, method="GET", **headers):
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Person(app, ip_address=ip_address, base_url=at).ask(method, path, headers=sent)


@pytest.mark.parametrize(
    ("at", "headers"),
    [
        pytest.param("http://login.example.org", {"X_Forwarded_Proto": "http"}, id="plain HTTP"),
        pytest.param("http://login.example.org", {"Forwarded": "for=1.2.3.4;proto=http"}, id="the same, RFC 7239"),
        pytest.param("https://other.example.org", {}, id="another host name"),
        pytest.param("http://192.0.2.7:8000", {}, id="an IP address"),
        pytest.param("https://login.example.org:8443", {}, id="another port"),
        pytest.param("http://app:8000", {"X_Forwarded_Host": "other.example.org"}, id="another host of the proxy"),
        pytest.param("https://login.example.org.evil.example", {}, id="a host that begins alike"),
    ],
)
def test_a_page_is_redirected_to_the_base_url_with_path_and_query(make_app, at, headers):
    answer = opened(make_app(**TRUSTED), at, "/login?next=/x%3Fy%3D%2541&a=1", **headers)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"{SITE}/login?next=/x%3Fy%3D%2541&a=1")


@pytest.mark.parametrize(
    ("at", "headers"),
    [
        pytest.param(SITE, {}, id="the base URL"),
        pytest.param("http://login.example.org", {}, id="a proxy that does not tell the scheme"),
        pytest.param("http://LOGIN.example.org:443", {}, id="the host in another spelling"),
        pytest.param(SITE, {"X_Forwarded_Proto": "https", "X_Forwarded_Host": "login.example.org"}, id="all is told"),
        pytest.param("http://app:8000", {"X_Forwarded_Host": "login.example.org"}, id="the host is told"),
        pytest.param("http://login.example.org", {"X_Forwarded_Proto": "gopher"}, id="no scheme"),
    ],
)
def test_at_the_base_url_nothing_is_redirected(make_app, at, headers):
    assert opened(make_app(**TRUSTED), at, **headers).status_code == 200


def test_forwarded_headers_count_only_from_a_trusted_proxy(make_app):
    app = make_app(**TRUSTED)
    for headers in ({"X_Forwarded_Proto": "http"}, {"Forwarded": "host=evil.example;proto=http"}):
        assert opened(app, SITE, ip_address="203.0.113.1", **headers).status_code == 200


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "/@evil.example", "/login?next=//evil.example", "/%0d%0aX: y"]
)
@pytest.mark.parametrize("host", ["evil.example", "login.example.org@evil.example", "evil.example:80"])
def test_the_redirect_leads_only_to_this_site(make_app, path, host):
    client = make_app(**TRUSTED).test_client()
    answer = client.get(path, headers={"Host": host, "Accept": HTML})
    location = answer.headers.get("Location", "")
    assert location.startswith(f"{SITE}/") or not location.startswith(("//", "/\\", "http"))
    assert "\n" not in location


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        pytest.param("GET", "/protected", {"Accept": "application/json"}, id="a script"),
        pytest.param("GET", "/healthz", {}, id="a health check"),
        pytest.param("GET", "/.well-known/jwks.json", {}, id="the keys"),
        pytest.param("GET", "/openapi.json", {}, id="the description"),
        pytest.param("POST", "/login", {}, id="a form"),
        pytest.param("OPTIONS", "/login", {}, id="a preflight"),
    ],
)
def test_other_responses_than_pages_are_not_redirected(make_app, method, path, headers):
    answer = opened(make_app(**TRUSTED), "http://192.0.2.7:8000", path, method=method, **headers)
    assert "Location" not in answer.headers


def test_a_script_with_a_token_can_use_any_host_name(make_app):
    app = make_app(**TRUSTED)
    token = factories.api_token(app, factories.user(app, "ada")).token
    assert Script(app, token).get("/protected", headers={"Accept": HTML, "Host": "192.0.2.7"}).status_code == 200


def test_behind_a_proxy_that_hides_the_host_there_is_no_redirect_loop(make_app):
    person = Person(make_app(**TRUSTED), base_url="https://app.internal")
    assert person.ask("GET", "/login").status_code == 302
    assert person.ask("GET", "/login").status_code == 200
    person.client.delete_cookie("__Host-redirected", domain="app.internal")
    shown = person.ask("GET", "/login")
    assert (shown.status_code, "This site is at https://login.example.org" in shown.text) == (400, True)
    assert person.ask("GET", "/docs").status_code == 302


def test_without_a_proxy_the_redirect_needs_no_cookie(app):
    for _ in range(3):
        answer = opened(app, "http://127.0.0.1:8000", "/login", ip_address="127.0.0.1")
        assert answer.headers["Location"] == "http://localhost:8000/login"
        assert "Set-Cookie" not in answer.headers


def test_a_form_opened_by_plain_http_is_refused_with_the_url_of_the_site(make_app):
    app = make_app(**TRUSTED)
    headers = {"Origin": "http://login.example.org", "Accept": "application/json"}
    answer = app.test_client().post("/login", data={}, headers=headers, base_url="http://login.example.org")
    assert answer.status_code == 403
    assert "You opened it at http://login.example.org, but this site is at https://login.example.org" in answer.text
