"""What every kind of answer tells the browser, whoever made it."""

import pytest

from tests import factories
from tests.browser import HTML, Person
from tests.guard.example_routes import add
from tests.script import Script
from webapp.guard import public


def explode():
    raise RuntimeError("boom")


@pytest.fixture
def site(make_app):
    app = make_app(WEBAPP_BASE_URL="https://login.example.org", WEBAPP_LOGIN_TRIES_PER_ACCOUNT="1")
    add(app, "/bomb", public(explode))
    factories.user(app, "ada")
    return app


@pytest.fixture
def person(site):
    person = Person(site, base_url="https://login.example.org")
    person.log_in("ada")
    return person


def a_refused_form(person):
    person.open("/tokens/new")
    return person.ask("POST", "/tokens/new", data={"csrf_token": person.csrf_token})


def a_throttled_login(person):
    fields = {"username": "nobody", "password": "x", "csrf_token": token_of(person)}
    person.ask("POST", "/login", data=fields)
    return person.ask("POST", "/login", data=fields)


def token_of(person):
    return person.ask("GET", "/login", headers={"Accept": "application/json"}).json["csrf_token"]


def static(person):
    with person.app.test_request_context():
        return person.app.url_for("static", filename="css/main.css")


def script(person, path, method="GET", **kwargs):
    return Script(person.app).call(method, path, base_url="https://login.example.org", **kwargs)


ANSWERS = {
    "a page": (200, lambda p: p.ask("GET", "/dashboard")),
    "a public page": (200, lambda p: p.ask("GET", "/public")),
    "the login page": (200, lambda p: Person(p.app, base_url=p.base_url).ask("GET", "/login")),
    "JSON": (200, lambda p: p.ask("GET", "/dashboard", headers={"Accept": "application/json"})),
    "HEAD": (200, lambda p: p.ask("HEAD", "/dashboard")),
    "OPTIONS": (200, lambda p: p.ask("OPTIONS", "/dashboard")),
    "a static file": (200, lambda p: p.ask("GET", static(p))),
    "the keys": (200, lambda p: script(p, "/.well-known/jwks.json")),
    "a health check": (200, lambda p: p.ask("GET", "/healthz")),
    "a readiness check": (200, lambda p: p.ask("GET", "/readyz")),
    "public data": (200, lambda p: p.ask("GET", "/public", headers={"Accept": "application/json"})),
    "public data for a script": (200, lambda p: script(p, "/public", headers={"Accept": "*/*"})),
    "the API description": (200, lambda p: p.ask("GET", "/openapi.json")),
    "the way to the password form": (303, lambda p: p.ask("GET", "/.well-known/change-password")),
    "a way to the login": (303, lambda p: script(p, "/dashboard", headers={"Accept": HTML})),
    "a way to the one address of a page": (308, lambda p: script(p, "/protected//user")),
    "JSON that does not fit": (400, lambda p: script(p, "/api/auth", "POST", json=[])),
    "a refusal of an anonymous caller": (401, lambda p: script(p, "/dashboard")),
    "a refusal of a strangers form": (401, lambda p: script(p, "/logout", "POST", headers={"Accept": HTML})),
    "a refusal of a person": (403, lambda p: p.ask("GET", "/protected/admin")),
    "a forged form": (403, lambda p: p.ask("POST", "/logout", data={})),
    "nothing": (404, lambda p: p.ask("GET", "/nowhere")),
    "nothing for a script": (404, lambda p: script(p, "/nowhere")),
    "no static file": (404, lambda p: p.ask("GET", "/static/x/nothing.css")),
    "a wrong method": (405, lambda p: p.ask("DELETE", "/dashboard")),
    "too much": (413, lambda p: p.ask("POST", "/login", data={"username": "a" * 70_000})),
    "another kind of content": (415, lambda p: p.ask("POST", "/login", data=b"x", content_type="text/plain")),
    "a form with errors": (422, a_refused_form),
    "a throttled login": (429, a_throttled_login),
    "a fault": (500, lambda p: p.ask("GET", "/bomb")),
    "a fault for a script": (500, lambda p: script(p, "/bomb")),
    "an empty answer": (
        204,
        lambda p: p.ask("POST", "/logout", json={"csrf_token": token_of(p)}, headers={"Accept": "*/*"}),
    ),
}
PUBLIC = {
    "a static file",
    "the keys",
    "a health check",
    "a readiness check",
    "public data",
    "public data for a script",
    "the API description",
    "the way to the password form",
}


@pytest.fixture
def answers(site):
    """One answer of every kind, by its name."""
    person = Person(site, base_url="https://login.example.org")
    person.log_in("ada")
    made = {name: make(person) for name, (_, make) in ANSWERS.items()}
    assert {name: answer.status_code for name, answer in made.items()} == {
        n: status for n, (status, _) in ANSWERS.items()
    }
    return made


def test_every_response_has_nosniff(answers):
    assert {answer.headers["X-Content-Type-Options"] for answer in answers.values()} == {"nosniff"}
    assert all("Content-Type" in answer.headers for answer in answers.values() if answer.status_code != 204)


def test_every_response_has_a_content_security_policy_that_denies_by_default(answers):
    for name, answer in answers.items():
        (policy,) = answer.headers.getlist("Content-Security-Policy")
        assert policy.startswith("default-src 'none'"), name
        assert "frame-ancestors 'none'" in policy, name
        assert not any(word in policy for word in ("unsafe", "*", "http", "data:")), name


def test_a_page_can_load_only_our_files_and_json_nothing(answers):
    for name, answer in answers.items():
        is_page, policy = answer.mimetype == "text/html", answer.headers["Content-Security-Policy"]
        assert ("style-src 'self'" in policy, "base-uri 'none'" in policy) == (is_page, is_page), name


def test_every_response_has_hsts_for_a_year(answers):
    assert {answer.headers["Strict-Transport-Security"] for answer in answers.values()} == {"max-age=31536000"}


@pytest.mark.parametrize(
    ("base_url", "subdomains", "header"),
    [
        ("https://login.example.org", "no", "max-age=31536000"),
        ("https://login.example.org", "yes", "max-age=31536000; includeSubDomains"),
        ("https://login.example.org:443", "yes", "max-age=31536000; includeSubDomains"),
        pytest.param("https://nas.example.org:8443", "no", None, id="other ports of the host may speak plain HTTP"),
        ("https://nas.example.org:8443", "yes", None),
        ("http://localhost:8000", "yes", None),
    ],
)
def test_hsts_applies_only_to_this_host(make_app, base_url, subdomains, header):
    app = make_app(WEBAPP_BASE_URL=base_url, WEBAPP_HSTS_SUBDOMAINS=subdomains)
    assert Script(app).get("/public").headers.get("Strict-Transport-Security") == header


@pytest.mark.parametrize("name", ["Referrer-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy"])
def test_every_response_has_same_origin_policies(answers, name):
    assert {answer.headers[name] for answer in answers.values()} == {"same-origin"}


def test_private_responses_are_not_stored(answers):
    for name, answer in answers.items():
        assert answer.headers["Cache-Control"].startswith("public" if name in PUBLIC else "no-store"), name


def test_private_responses_vary_by_caller(answers):
    """CVE-2023-30861, CVE-2026-27205: answers to a session were cached without it."""
    for name in set(answers) - PUBLIC:
        varies = {part.strip() for line in answers[name].headers.getlist("Vary") for part in line.split(",")}
        assert varies >= {"Accept", "Authorization", "Cookie"}, name


def test_public_responses_depend_on_no_cookie_and_set_none(answers):
    for name in PUBLIC:
        assert "Cookie" not in ",".join(answers[name].headers.getlist("Vary")), name
        assert "Set-Cookie" not in answers[name].headers, name


def test_no_response_has_cors_headers(answers):
    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers.values())


def test_no_response_reveals_internals(answers):
    inside = ("Traceback", "RuntimeError", "boom", "sqlalchemy", "sqlite", "Werkzeug", "X-Powered-By")
    for name, answer in answers.items():
        assert not any(word in answer.text + str(answer.headers) for word in inside), name


def test_every_cookie_is_http_only_and_only_for_this_host(person):
    person.open("/login")
    cookies = [line for answer in person.page.history for line in answer.headers.getlist("Set-Cookie")]
    fresh = Person(person.app, base_url=person.base_url)
    cookies += fresh.ask("GET", "/login").headers.getlist("Set-Cookie")
    fields = {"username": "ada", "password": factories.PASSWORD, "csrf_token": fresh.csrf_token, "remember": "y"}
    cookies += fresh.ask("POST", "/login", data=fields).headers.getlist("Set-Cookie")
    assert len(cookies) >= 3
    for cookie in cookies:
        assert cookie.startswith("__Host-")
        assert all(part in cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
        assert "Domain" not in cookie
        assert len(cookie) < 4096


def test_cookies_on_localhost_lack_only_secure(app, user):
    fresh = Person(app)
    (cookie,) = fresh.ask("GET", "/login").headers.getlist("Set-Cookie")
    assert cookie.startswith("session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_localhost_sends_no_hsts(app):
    assert "Strict-Transport-Security" not in Script(app).get("/public").headers


def test_logging_out_clears_the_browser_cache(person):
    person.open("/logout")
    answer = person.ask("POST", "/logout", data={"csrf_token": person.csrf_token})
    assert answer.headers["Clear-Site-Data"] == '"cache"'


def test_a_static_url_of_an_older_version_is_served_but_not_cached(person):
    answer = person.ask("GET", "/static/older/css/main.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize("host", ["evil.example", "login.example.org:1", "a" * 300, "x y", "[::1", "<blink>"])
def test_no_page_repeats_the_host_header(site, host):
    """Own addresses come from the settings: four advisories of a peer in two years say why."""
    for path in ("/login", "/dashboard", "/nowhere", "/public", "/tokens/", "/protected//user"):
        answer = Script(site).get(path, headers={"Host": host, "X-Forwarded-Host": host, "Accept": HTML})
        assert answer.status_code < 500
        assert host not in answer.text + str(answer.headers)
