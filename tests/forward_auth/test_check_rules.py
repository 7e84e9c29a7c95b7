"""Which rule a request falls under: paths in every spelling, methods, networks, preflights, in their order."""

import time

import pytest

from tests import factories
from tests.forward_auth.proxy import proxied
from webapp.forward_auth.app_settings import RuleSettings
from webapp.forward_auth.path_patterns import PathPattern, canonical_path
from webapp.testing import user_named

WIKI = "https://wiki.example.org"
PUBLIC = RuleSettings(is_public=True)
ADMIN = RuleSettings(path="/admin/*", role="admin")


def open_but_for_admins(app):
    proxied(app, "wiki", ADMIN, PUBLIC)


def open_to_everybody(app):
    proxied(app, "wiki", PUBLIC)


def bearer(app, name="bob", *scopes):
    token = factories.api_token(app, user_named(app, name), *(scopes or ("app:wiki",))).token
    return {"Authorization": f"Bearer {token}"}


TWO_READINGS = [
    "//admin",
    "/admin//x",
    "/public/../admin",
    "/public/..",
    "/./admin",
    "/.",
    "/..",
    "/public/%2e%2e/admin",
    "/public/%2E./admin",
    "/public/.%2e/admin",
    "/%61dmin",
    "/%41DMIN",
    "/admi%6e",
    "/admin%2fx",
    "/admin%2Fx",
    "/public%2f..%2fadmin",
    "/admin;x=1",
    "/admin;/x",
    "/public;/../admin",
    "/public/..;/admin",
    "/admin%3bx",
    "/admin%3fx",
    "/admin%23x",
    "/public\\..\\admin",
    "/public%5c..%5cadmin",
    "/public/x%00",
    "/public/x%0d%0aX:%20y",
    "/public/x%7f",
    "/%",
    "/%a",
    "/%zz",
    "/%25%36%31dmin",
    "/%2561dmin",
    "/%c0%ae%c0%ae/admin",
    "/%c1%a1dmin",
    "/%ff",
    "/%ed%a0%80",
    "/admin%u0041",
    '/"admin"',
    "/<admin>",
    "/admin|x",
    "/admin^x",
    "/admin`x",
    "/{admin}",
    "/#admin",
    "/a%2d",
    "/a%7e",
    "/a%5f",
    "/a%2e",
]
ONE_READING = [
    "/",
    "/page",
    "/page/",
    "/a%20b",
    "/%C3%A4",
    "/%c3%a4",
    "/a+b",
    "/a@b:c",
    "/a,b=c&d!$'()*",
    "/...",
    "/.well-known/x",
    "/a..b/..c/d..",
    "/~user",
    "/%F0%9F%94%91",
]


@pytest.mark.parametrize("path", TWO_READINGS)
def test_a_path_with_two_readings_is_refused_where_a_rule_looks_at_paths(restored, proxy, path):
    restored.prepare(open_but_for_admins)
    assert proxy.check(WIKI + path).status_code == 403


@pytest.mark.parametrize("path", TWO_READINGS)
def test_any_path_is_allowed_where_no_rule_looks_at_paths(restored, proxy, path):
    restored.prepare(open_to_everybody)
    assert proxy.check(WIKI + path).status_code == 200


@pytest.mark.parametrize("path", ONE_READING)
def test_a_path_with_one_reading_is_allowed(restored, proxy, path):
    restored.prepare(open_but_for_admins)
    assert proxy.check(WIKI + path).status_code == 200
    assert canonical_path(path) is not None


@pytest.mark.parametrize("path", ["/ADMIN", "/Admin/x", "/adMin/", "/admIn/x"])
def test_a_path_that_differs_in_capital_letters_alone_is_refused(restored, proxy, path):
    restored.prepare(open_but_for_admins)
    assert proxy.check(WIKI + path).status_code == 403


@pytest.mark.parametrize("query", ["?x=/../admin", "?//admin", "?%61=%2f", "?;", "?a=1?b=2"])
def test_a_query_does_not_count(restored, proxy, query):
    restored.prepare(open_but_for_admins)
    assert proxy.check(f"{WIKI}/page{query}").status_code == 200


PATTERNS = {
    "/admin": ({"/admin", "/admin/"}, {"/admin/x", "/adminx", "/", "/x/admin"}),
    "/admin/*": ({"/admin", "/admin/", "/admin/x", "/admin/x/y"}, {"/adminx", "/", "/x/admin/"}),
    "/admin*": ({"/admin", "/admin/x", "/adminx", "/admin.php"}, {"/admi", "/x/admin"}),
    "/*": ({"/", "/x", "/x/y/"}, set()),
    "/": ({"/"}, {"/x"}),
    "/a/*/b": ({"/a/x/b", "/a/x/b/", "/a//b"}, {"/a/b", "/a/x/y/b", "/a/x/b/c"}),
    "/a/*/b/*": ({"/a/x/b", "/a/x/b/c/d"}, {"/a/b", "/a/x/y/b"}),
    "/*.css": ({"/x.css", "/.css", "/x.css/"}, {"/x/y.css", "/x.cssx"}),
    "/v*/x*": ({"/v1/x", "/v/xy", "/v1/x/y"}, {"/v1/y", "/v1/2/x"}),
    "/a*b*c": ({"/abc", "/axbxc", "/abcbc"}, {"/ac", "/ab/c"}),
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_for_these_paths(pattern):
    fits, others = PATTERNS[pattern]
    assert {path for path in fits | others if PathPattern(pattern).matches(path)} == fits


def test_a_pattern_with_many_stars_costs_little():
    """A regular expression would work for years: its work grows with a power of the number of stars."""
    pattern, path = PathPattern("/" + "*a" * 90 + "*/b"), "/" + "a" * 8000
    begun = time.thread_time()
    assert not pattern.matches(path)
    assert not pattern.differs_in_case(path)
    assert time.thread_time() - begun < 0.1


def test_the_first_rule_that_fits_decides(app, proxy):
    open_part = RuleSettings(path="/admin/status", is_public=True)
    proxied(app, "wiki", open_part, ADMIN, RuleSettings(path="/public/*", is_public=True))
    proxied(app, "notes", ADMIN, open_part)
    assert proxy.check(f"{WIKI}/admin/status").status_code == 200
    assert proxy.check("https://notes.example.org/admin/status").status_code == 401
    assert proxy.check(f"{WIKI}/other").status_code == 403


METHODS = [
    ("GET", 200),
    ("HEAD", 200),
    ("POST", 403),
    ("OPTIONS", 403),
    ("DELETE", 403),
    ("PROPFIND", 403),
    ("TRACE", 403),
]


@pytest.mark.parametrize(("method", "status"), METHODS)
def test_a_rule_is_for_its_methods(app, proxy, method, status):
    proxied(app, "wiki", RuleSettings(methods=["GET"], is_public=True))
    assert proxy.check(f"{WIKI}/", method).status_code == status


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_header_that_names_another_method_is_refused_where_a_rule_looks_at_methods(app, proxy, header):
    proxied(app, "wiki", RuleSettings(methods=["GET", "POST"], is_public=True))
    proxied(app, "notes", PUBLIC)
    assert proxy.check(f"{WIKI}/", "POST", headers={header: "DELETE"}).status_code == 403
    assert proxy.check(f"{WIKI}/", "POST", headers={header: "POST"}).status_code == 403
    assert proxy.check("https://notes.example.org/", "POST", headers={header: "DELETE"}).status_code == 200


def test_a_header_that_names_another_path_is_refused_where_a_rule_looks_at_paths(app, proxy):
    proxied(app, "wiki", ADMIN, PUBLIC)
    proxied(app, "notes", PUBLIC)
    assert proxy.check(f"{WIKI}/", headers={"X-Rewrite-Url": "/admin"}).status_code == 403
    assert proxy.check("https://notes.example.org/", headers={"X-Rewrite-Url": "/admin"}).status_code == 200


NETWORKS = [
    ("203.0.113.18", 200),
    ("203.0.113.255", 200),
    ("203.0.114.1", 403),
    ("2001:db8::5", 200),
    ("2001:db9::5", 403),
    ("::ffff:203.0.113.18", 200),
]


@pytest.mark.parametrize(("ip_address", "status"), NETWORKS)
def test_a_rule_is_for_its_networks(app, proxy, ip_address, status):
    proxied(app, "wiki", RuleSettings(is_public=True, networks=["203.0.113.0/24", "2001:db8::/32"]))
    assert proxy.check(f"{WIKI}/", headers={"X-Forwarded-For": ip_address}).status_code == status
    # What stands further left was sent by the client.
    assert proxy.check(f"{WIKI}/", headers={"X-Forwarded-For": f"203.0.113.18, {ip_address}"}).status_code == status


PREFLIGHT = {"Origin": "https://other.example.org", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize(("allows", "status"), [(True, 200), (False, 401)])
def test_a_preflight_passes_where_its_rule_allows_it(app, proxy, allows, status):
    proxied(app, "wiki", RuleSettings(allows_preflight=allows))
    answer = proxy.check(f"{WIKI}/", "OPTIONS", headers=PREFLIGHT)
    assert answer.status_code == status
    assert answer.headers.get("Remote-User", "") == ""


@pytest.mark.parametrize("missing", PREFLIGHT)
def test_what_is_no_preflight_needs_a_login(app, proxy, missing):
    proxied(app, "wiki", RuleSettings(allows_preflight=True))
    sent = {name: value for name, value in PREFLIGHT.items() if name != missing}
    assert proxy.check(f"{WIKI}/", "OPTIONS", headers=sent).status_code == 401
    assert proxy.check(f"{WIKI}/", "GET", headers=PREFLIGHT).status_code == 401


def test_a_preflight_falls_under_the_rule_of_the_request_that_follows(app, proxy):
    proxied(app, "wiki", RuleSettings(methods=["POST"], allows_preflight=True), RuleSettings())
    assert proxy.check(f"{WIKI}/", "OPTIONS", headers=PREFLIGHT).status_code == 200
    put = PREFLIGHT | {"Access-Control-Request-Method": "PUT"}
    assert proxy.check(f"{WIKI}/", "OPTIONS", headers=put).status_code == 401


def test_a_role_is_demanded_besides(app, proxy):
    proxied(app, "wiki", ADMIN, RuleSettings())
    assert proxy.check(f"{WIKI}/admin/x", headers=bearer(app)).status_code == 403
    assert proxy.check(f"{WIKI}/admin/x", headers=bearer(app, "ada")).status_code == 200
