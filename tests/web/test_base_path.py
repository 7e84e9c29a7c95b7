"""A site below a path of its host, behind a proxy that strips that path and behind one that does not."""

import pytest

from tests import factories
from tests.browser import HTML, Person
from tests.dpop_client import JKT, claims_for, proof
from tests.script import Script
from webapp.guard.token_grant import TokenGrant
from webapp.settings import SettingsError
from webapp.web.redirects import safe_path

SITE = "https://example.org/login"
HTTPS = {"WEBAPP_BASE_URL": SITE}


def stripping(app):
    """The application behind a proxy that takes the path away, as ``proxy_pass http://app/;`` of nginx does."""
    inner = app.wsgi_app

    def strip(environ, start_response):
        path = environ["SCRIPT_NAME"] + environ["PATH_INFO"]
        assert (path + "/").startswith("/login/"), path
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "", path[len("/login") :] or "/"
        return inner(environ, start_response)

    app.wsgi_app = strip
    return app


@pytest.fixture(params=["passed on", "stripped"])
def site(make_app, request):
    app = make_app(**HTTPS)
    return stripping(app) if request.param == "stripped" else app


def browser(app):
    return Person(app, base_url="https://example.org")


def test_login_and_logout_work_below_the_path(site):
    factories.user(site, "ada")
    person = browser(site)
    assert person.ask("GET", "/login/tokens").headers["Location"] == "/login/login?next=/login/tokens"
    person.open("/login/tokens")
    page = person.press("Log in", username="ada", password=factories.PASSWORD)
    assert page.request.script_root + page.request.path == "/login/tokens"
    assert 'href="/login/static/' in page.text
    assert 'href="/tokens' not in page.text
    cookie = person.client.get_cookie("__Secure-session", domain="example.org", path="/login")
    assert cookie is not None
    assert cookie.secure
    person.open("/login/dashboard")
    person.press("Log out")
    assert "/login/login" in person.ask("GET", "/login/tokens").headers["Location"]


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        # The base URL itself, passed on without a slash, reads like the stripped URL of the login page.
        ("/login", {200, 303}),
        ("/login/", {303}),
        ("/login/login", {200}),
        ("/login/login/second-step", {303}),
        ("/login/nothing", {404}),
    ],
)
def test_each_page_is_served_below_the_path(site, path, statuses):
    assert browser(site).ask("GET", path).status_code in statuses


def test_every_cookie_has_the_path_and_no_host_prefix(make_app):
    app = make_app(**HTTPS, WEBAPP_TOKEN_LOCATIONS="header, cookie")
    factories.user(app, "ada")
    person = browser(app)
    person.open("/login/login")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    person.ask("GET", "/login/login")
    set_by = person.page.headers.getlist("Set-Cookie")
    answer = app.test_client().get("/login/login", headers={"Accept": HTML}, base_url="https://other.example")
    set_by += answer.headers.getlist("Set-Cookie")
    assert set_by
    assert all("; Path=/login" in cookie for cookie in set_by)
    assert not any("__Host-" in cookie for cookie in set_by)


@pytest.mark.parametrize(
    ("target", "is_ours"),
    [
        ("/login", True), ("/login/", True), ("/login/tokens?x=1", True), ("/login?x=/other", True),
        ("/", False), ("/other", False), ("/loginx", False), ("/login/../other", False), ("//login/x", False),
        ("/?/login/", False), ("/LOGIN/x", False),
    ],
)  # fmt: skip
def test_urls_outside_the_path_belong_to_another_site(make_app, target, is_ours):
    with make_app(**HTTPS).app_context():
        assert (safe_path(target) is not None) == is_ours


def test_tokens_keys_and_refusals_contain_the_full_url(site):
    token = factories.api_token(site, factories.user(site, "ada"), "protected:read").token
    script = Script(site, token)
    assert script.get("/login/protected").status_code == 200
    refused = script.get("/login/tokens").json
    assert refused["fix"].startswith(f"{SITE}/tokens/new")
    assert refused["type"].startswith(f"{SITE}/problems/")
    assert script.get("/login/.well-known/jwks.json").json["keys"]
    assert script.get("/login/openapi.json").json["servers"][0]["url"] == SITE


def test_a_dpop_proof_has_the_url_with_the_path(site):
    bound = TokenGrant(scopes=frozenset({"protected:read"}), jkt=JKT)
    token = factories.api_token(site, factories.user(site, "ada"), grant=bound).token
    for url, status in ((f"{SITE}/protected", 200), ("https://example.org/protected", 401)):
        headers = {"Authorization": f"DPoP {token}", "DPoP": proof(claims_for(token=token, htu=url))}
        assert Script(site).get("/login/protected", headers=headers).status_code == status


@pytest.mark.parametrize("path", ["/static", "/problems"])
def test_a_path_that_is_also_a_page_stops_the_start(make_app, path):
    with pytest.raises(SettingsError, match="another path"):
        make_app(WEBAPP_BASE_URL=f"https://example.org{path}")


def test_a_site_without_a_path_has_no_middleware_for_one(app):
    assert "BasePath" not in repr(app.wsgi_app)
