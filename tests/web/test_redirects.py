"""``next``: what stays on this site, by a positive grammar."""

import random
import string
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import factories
from tests.browser import HTML, Person, form_with, values_of
from tests.second_factors import STEP, with_app
from webapp.web.redirects import LONGEST, safe_path
from webapp.web.request_head import LONGEST_URL

HOSTILE = [
    *("", " ", "/ ", " /", "\t/", "\n/x", "/x\n", "/\n/evil.example", "/\r\n/evil.example", "/\t/evil.example"),
    *("//evil.example", "///evil.example", "////evil.example", "//evil.example/..", "//", "///", "/x//evil.example"),
    *("/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example", "/x\\y", "/x?\\", "\\evil.example"),
    *("/%2Fevil.example", "/%2fevil.example", "/%2F%2Fevil.example", "%2F%2Fevil.example", "/%5Cevil.example"),
    *("/%5cevil.example", "/x%5Cy", "/%09/evil.example", "/%0d%0aSet-Cookie:x=1", "/x%00", "/%00"),
    *("/%0A/evil.example", "/%7f", "/%1f", "/%", "/%2", "/%zz", "/x%", "/x?%", "/%u002f"),
    *(
        "https://evil.example",
        "http://evil.example",
        "HTTPS://evil.example",
        "https:evil.example",
        "https:/evil.example",
    ),
    *("http:///evil.example", "//evil.example:80", "//user@evil.example", "http://localhost@evil.example", "ftp://x"),
    *(
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "mailto:x@y",
        "file:///etc/passwd",
    ),
    *("evil.example", "login", "../x", "./x", "?next=x", "#x", ".", "..", "@evil.example", ":80", ";x"),
    *("/..", "/../x", "/x/..", "/x/../..//evil.example", "/./x", "/.", "/%2e%2e", "/%2E%2e/x", "/.%2e/x", "/x/%2e"),
    *("/..//evil.example", "/.//evil.example", "/%2e//evil.example", "/\u2215evil.example", "/\uff0fevil.example"),
    *(
        "/\u200b/evil.example",
        "/é",
        "/\ud800",
        "/x\u2028y",
        "/\u3002evil",
        "/ x",
        "/x y",
        "/<script>",
        '/"x',
        "/x|y",
        "/{x}",
    ),
    *(
        "/^x",
        "/`x`",
        "/x#y",
        "/[::1]",
        "/x\x7f",
        "/\x00",
        "/\x08/evil.example",
        "/" + "a" * LONGEST,
        "/x?" + "=" * 3000,
    ),
]
HONEST = [
    *("/", "/dashboard", "/tokens", "/tokens/", "/tokens/new", "/protected/super-admin", "/a/b/c/d/"),
    *("/tokens/new?scopes=protected:read&expires_in=604800", "/tokens?view=ended&first=20", "/x?", "/?a=b"),
    *(
        "/x?a=b/c",
        "/x?a=b?c",
        "/x?a=%20b",
        "/x?a=b+c",
        "/caf%C3%A9",
        "/x?name=caf%C3%A9",
        "/x?url=https%3A%2F%2Fexample.org%2F",
        "/x?a=%2F%2Fevil",
        "/x?y=%0a%0D%09%5C%00%7f",
        "/a.b/c_d/e-f/~g",
        "/.well-known/x",
    ),
    *("/x/..y", "/x/...", "/(x)", "/x;v=1", "/x,y", "/x=y", "/@ada", "/x!$&'*", "/a:b"),
]


@pytest.mark.parametrize("target", HOSTILE)
def test_a_next_url_of_another_site_is_ignored(target):
    assert safe_path(target) is None


@pytest.mark.parametrize("target", HONEST)
def test_a_path_on_this_site_is_kept_as_it_is(target):
    assert safe_path(target) == target


def test_an_empty_next_url_is_none():
    assert safe_path(None) is None


PIECES = st.sampled_from(
    [*"/\\.:?#@%;&=+- \t\n\r\0", "//", "..", "%2f", "%5c", "%2e", "%0d", "evil.example", "http:", "x"]
)


@given(st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=30).map(lambda text: "/" + text)))
@example("/x")
def test_an_accepted_next_url_starts_with_a_single_slash_and_stays_on_this_host(target):
    if safe_path(target) is None:
        return
    assert target.startswith("/")
    assert not target.startswith(("//", "/\\"))
    joined = urlsplit(urljoin("https://login.example.org/login", target))
    assert (joined.scheme, joined.netloc) == ("https", "login.example.org")
    assert target.isascii()
    assert target.isprintable()


@pytest.mark.parametrize(
    "target", [t for t in HOSTILE if t and len(t) < 3000 and "\ud800" not in t and "\0" not in t][::3]
)
def test_a_login_with_a_hostile_next_ends_on_the_dashboard(app, user, target):
    person = Person(app)
    person.open("/login", query_string={"next": target})
    assert "evil" not in person.page.text
    answer = person.ask("POST", "/login", data={
        "username": "ada", "password": factories.PASSWORD, "csrf_token": person.csrf_token, "next": target,
    })  # fmt: skip
    assert answer.headers["Location"] == "/dashboard"


@pytest.mark.parametrize(
    "query",
    [
        "url=https%3A%2F%2Fexample.org",
        "url=https://example.org/?a=b",
        "path=C%3A%5CWindows%5c",
        "text=one%0Atwo%0d%0A%09three",
        "a=%2B+%20&b=%26%3D%25",
        "name=caf%C3%A9&bad=%ff",
        "a=1&a=2&&c",
        "long=" + "x" * 3000,
        pytest.param(
            "response_type=code&client_id=grafana&redirect_uri=https%3A%2F%2Fgrafana.example.org%2Flogin%2Fgeneric_oauth"
            "&scope=openid%20email&state=a%2Fb%3D%3D&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            id="an OAuth authorization request",
        ),
    ],
)
def test_a_deep_link_is_unchanged_after_the_login(app, user, query):
    person = Person(app)
    link = f"/protected?{query}"
    refused = person.ask("GET", link, headers={"Accept": HTML})
    assert refused.status_code == 303
    person.open(refused.headers["Location"])
    fields = values_of(form_with(person.page.text, "Log in")) | {"username": "ada", "password": factories.PASSWORD}
    assert person.ask("POST", "/login", data=fields).headers["Location"] == link


def test_a_login_redirects_to_a_valid_next(app, user):
    person = Person(app)
    person.open("/login?next=/tokens?view%3Dended")
    person.press("Log in", username="ada", password=factories.PASSWORD)
    assert (person.page.request.path, person.page.request.query_string) == ("/tokens", b"view=ended")


def test_a_confirmation_with_a_hostile_next_ends_on_the_dashboard(person):
    person.open("/confirm?next=//evil.example")
    person.press("Confirm", password=factories.PASSWORD, next="https://evil.example")
    assert person.page.request.path == "/dashboard"


def test_a_logged_in_user_is_not_redirected_to_another_site(person):
    answer = person.ask("GET", "/login?next=//evil.example")
    assert answer.headers["Location"] == "/dashboard"


LONG = "/public?" + "".join(random.Random(7).choices(string.ascii_letters + string.digits + "-_.~&=", k=3000))


@pytest.mark.parametrize("has_app", [False, True], ids=["one step", "two steps"])
def test_a_login_redirects_to_a_long_url(app, user, has_app):
    device, person = with_app(app, user) if has_app else None, Person(app)
    person.open("/login", query_string={"next": LONG})
    person.press("Log in", username="ada", password=factories.PASSWORD)
    if device is not None:
        # Browsers throw away what is longer, and with it the first step.
        assert len(person.client.get_cookie("session").value) < 4000
        person.visit("POST", STEP, data={"csrf_token": person.csrf_token, "code": device.code()})
    assert person.page.request.full_path == LONG


@pytest.mark.parametrize(("signs", "is_kept"), [("a", True), ("%3D", True), ("=", False)])
def test_a_next_url_that_is_too_long_is_left_out(app, signs, is_kept):
    url = "/dashboard?" + signs * (3000 // len(signs))
    answer = Person(app).ask("GET", url)
    assert ("next=" in answer.headers["Location"]) is is_kept
    assert len(answer.headers["Location"]) < LONGEST_URL
