"""Small apps behind nginx and Caddy, with the configuration that the site prints."""

import hashlib

import pytest

from tests.forward_auth.proxied_site import PAGE, Lab
from tests.forward_auth.proxy_servers import KINDS
from tests.forward_auth.raw_http import exchange, said_in_chat

pytestmark = pytest.mark.xdist_group("forward-auth")

IDENTITY = "Remote-User", "Remote-Email", "Remote-Name", "Remote-Groups", "X-Latchkey-Assertion"


@pytest.fixture(params=KINDS)
def lab(request: pytest.FixtureRequest, labs: dict[str, Lab]) -> Lab:
    return labs[request.param]


def test_the_app_learns_who_the_user_is(lab: Lab) -> None:
    answer = lab.ask("wiki", "/page?x=%20", headers=[lab.bearer()])
    assert answer.seen["target"] == "/page?x=%20"
    assert answer.at_app("Remote-User") == ["ada"]
    assert answer.at_app("Remote-Email") == ["ada@example.org"]
    assert answer.at_app("Remote-Groups") == ["user,admin"]
    assert len(answer.at_app("X-Latchkey-Assertion")[0].split(".")) == 3
    assert answer.at_app("Host") == [lab.host("wiki")]


def test_people_are_led_to_the_login(lab: Lab) -> None:
    answer = lab.ask("wiki", "/page?x=1&y=%C3%A4", headers=PAGE)
    assert answer.status == 302
    begun = f"http://{lab.host('wiki')}/.latchkey/login?rd="
    assert answer.header("Location") == f"{begun}/page%3Fx%3D1%26y%3D%25C3%25A4"
    next_one = lab.ask("wiki", (answer.header("Location") or "").split(lab.host("wiki"))[1], headers=PAGE)
    assert next_one.status == 303
    assert (next_one.header("Location") or "").startswith(
        f"{lab.site.url}/forward-auth/start?rd=http%3A%2F%2Fwiki.localhost"
    )
    assert (next_one.header("Set-Cookie") or "").startswith("latchkey-login=")


def test_scripts_get_401_with_one_challenge(lab: Lab) -> None:
    answer = lab.ask("wiki", headers=[("Accept", "*/*")])
    assert (answer.status, answer.header("Location")) == (401, None)
    assert (answer.header("WWW-Authenticate") or "").startswith("Bearer realm=")
    wrong = lab.ask("wiki", headers=[("Authorization", "Bearer x.y.z")])
    assert wrong.status == 401
    assert 'error="invalid_token"' in (wrong.header("WWW-Authenticate") or "")


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        pytest.param("GET", [("Accept", "*/*"), ("Sec-Fetch-Dest", "empty"), ("Sec-Fetch-Mode", "cors")], id="fetch"),
        pytest.param("GET", [("Accept", "text/html"), ("Sec-Fetch-Dest", "iframe")], id="frame"),
        pytest.param("GET", [("Accept", "text/html"), ("X-Requested-With", "XMLHttpRequest")], id="XMLHttpRequest"),
        pytest.param("POST", PAGE, id="form whose session has ended"),
    ],
)
def test_nothing_but_a_page_is_redirected(lab: Lab, method: str, headers: list[tuple[str, str]]) -> None:
    answer = lab.ask("wiki", method=method, headers=headers, body=b"x=1" if method == "POST" else b"")
    assert (answer.status, answer.header("Location")) == (401, None)


def test_a_role_is_demanded_by_its_rule(lab: Lab) -> None:
    assert lab.ask("wiki", "/admin/x", headers=[lab.bearer()]).at_app("Remote-User") == ["ada"]
    assert lab.ask("wiki", "/admin/x", headers=[lab.bearer("bob")]).status == 403


def test_a_client_that_knows_only_basic_keeps_its_files_in_sync(lab: Lab) -> None:
    asked = lab.ask("files", "/notes.txt", "PROPFIND")
    assert asked.status == 401
    assert (asked.header("WWW-Authenticate") or "").startswith("Basic realm=")
    mine = [lab.basic()]
    target = f"/{lab.port}/notes.txt"
    assert lab.ask("files", target, "PUT", mine, body=b"milk, eggs").status == 201
    assert lab.ask("files", target, headers=mine).body == b"milk, eggs"
    assert lab.ask("files", target, "PROPFIND", mine).status == 207
    assert lab.ask("files", "/x", "POST", mine).at_app("Authorization") == []


def test_a_password_of_basic_is_refused_where_no_rule_accepts_it(lab: Lab) -> None:
    answer = lab.ask("wiki", headers=[lab.basic("wiki")])
    assert answer.status == 401
    assert "Basic" not in (answer.header("WWW-Authenticate") or "")


def test_authorization_that_is_the_apps_own_reaches_it(lab: Lab) -> None:
    answer = lab.ask("own", headers=[("Authorization", "Basic b3duOm93bg==")])
    assert answer.at_app("Authorization") == ["Basic b3duOm93bg=="]


def test_tokens_do_not_reach_the_app(lab: Lab) -> None:
    assert lab.ask("wiki", headers=[lab.bearer()]).at_app("Authorization") == []


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        ("latchkey-app=secret", []),
        ("latchkey-app=secret; theme=dark", ["theme=dark"]),
        ("theme=dark; latchkey-app=secret", ["theme=dark"]),
        ("a=1; latchkey-login=state; b=2; latchkey-app=secret; c=3", ["a=1; b=2; c=3"]),
        ("latchkey-app=secret; latchkey-login=state", []),
        ("latchkey-login=state; latchkey-app=secret; a=1", ["a=1"]),
        ("my-latchkey-app=mine; a=latchkey-app", ["my-latchkey-app=mine; a=latchkey-app"]),
        ("a=1", ["a=1"]),
    ],
)
def test_cookies_of_the_login_do_not_reach_the_app(lab: Lab, sent: str, arrives: list[str]) -> None:
    got = lab.ask("wiki", headers=[lab.bearer(), ("Cookie", sent)]).at_app("Cookie")
    assert [value.strip("; ") for value in got if value.strip("; ")] == arrives


@pytest.mark.parametrize("target", ["/page", "/public/x"])
@pytest.mark.parametrize("name", IDENTITY)
@pytest.mark.parametrize("spelling", ["{}", "{}, twice", "lower", "upper", "underscores", "upper with underscores"])
def test_identity_headers_of_the_client_do_not_reach_the_app(lab: Lab, target: str, name: str, spelling: str) -> None:
    forms = {"lower": name.lower(), "upper": name.upper(), "underscores": name.replace("-", "_")}
    forms["upper with underscores"] = name.replace("-", "_").upper()
    sent = [(forms.get(spelling, name), "evil")] * (2 if spelling.endswith("twice") else 1)
    answer = lab.ask("wiki", target, headers=[lab.bearer(), *sent])
    assert "evil" not in answer.at_app(name)
    if target == "/public/x":
        assert "".join(answer.at_app(name)) == ""
    elif name == "Remote-User":
        assert answer.at_app(name) == ["ada"]


def test_forwarded_headers_of_the_client_do_not_count(lab: Lab) -> None:
    forged = [("X-Forwarded-For", "198.51.100.1"), ("X-Forwarded-Host", lab.host("own")), ("Forwarded", "for=8.8.8.8")]
    forged += [("X-Forwarded-Uri", "/public/x"), ("X-Forwarded-Method", "OPTIONS"), ("X-Forwarded-Proto", "https")]
    assert lab.ask("wiki", "/page", headers=forged).status == 401
    answer = lab.ask("wiki", "/page", headers=[*forged, lab.bearer()])
    assert answer.at_app("X-Forwarded-For") == ["127.0.0.1"]
    assert answer.at_app("X-Forwarded-Host") == [lab.host("wiki")]
    assert answer.at_app("Forwarded") == []


@pytest.mark.parametrize("name", ["X-Original-Uri", "X-Original-Url", "X-Original-Method", "X-Rewrite-Url"])
def test_another_url_of_the_client_is_refused(lab: Lab, name: str) -> None:
    assert lab.ask("wiki", "/public/x", headers=[(name, "/admin/x")]).status == 403


@pytest.mark.parametrize(
    "target",
    [
        "/public/../admin/x",
        "/public/..%2fadmin/x",
        "/public/%2e%2e/admin/x",
        "//admin/x",
        "/public//x",
        "/%61dmin/x",
        "/admin;x=1",
        "/public/x;/../../admin",
        "/ADMIN/x",
        "/public\\..\\admin",
        "/public/%5c..%5cadmin",
        "/public/./x",
        "/public/x%00",
        "/public/%",
        "/public/%c0%ae%c0%ae/admin",
    ],
)
def test_a_path_with_two_readings_reaches_no_app(lab: Lab, target: str) -> None:
    answer = lab.ask("wiki", target, headers=[lab.bearer("bob")])
    assert answer.status in (400, 403), answer


@pytest.mark.parametrize("path", ["/a%20b", "/%C3%A4", "/a+b:c@d", "/a/b/"])
def test_a_plain_path_reaches_the_app_as_it_was_sent(lab: Lab, path: str) -> None:
    assert lab.ask("wiki", path, headers=[lab.bearer()]).seen["target"] == path


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("WIKI.localhost:{port}", 200),
        ("unknown.localhost:{port}", None),
        ("wiki.localhost:1", None),
        ("files.localhost:{port}", 403),
        ("", None),
        ("wiki.localhost:{port}, own.localhost:{port}", None),
    ],
)
def test_another_host_reaches_no_other_app(lab: Lab, host: str, status: int | None) -> None:
    """None: refused or no app's answer, in one of the ways of the proxies."""
    answer = exchange(lab.port, host.format(port=lab.port), headers=[lab.bearer()])
    if status is not None:
        assert answer.status == status
    elif answer.status == 200 and answer.body:
        assert answer.at_app("Host") == [lab.host("wiki")]


def test_an_absolute_url_in_the_request_line_is_decided_for_the_app_that_answers(lab: Lab) -> None:
    target = f"http://{lab.host('wiki')}/page"
    assert exchange(lab.port, lab.host("own"), target).status == 401


def test_a_websocket_passes_with_a_login_and_only_then(lab: Lab) -> None:
    host = lab.host("chat")
    assert said_in_chat(lab.port, host, "hello", [lab.bearer("chat")]) == (101, "ada: hello")
    assert said_in_chat(lab.port, host, "hello") == (401, None)


def test_50_megabytes_reach_the_app_whole(lab: Lab) -> None:
    body = bytes(50_000_000)
    answer = lab.ask("wiki", "/upload", "POST", [lab.bearer()], body=body)
    assert (answer.seen["length"], answer.seen["digest"]) == (len(body), hashlib.sha256(body).hexdigest())


def test_a_large_upload_without_login_is_refused(lab: Lab) -> None:
    assert lab.ask("wiki", "/upload", "POST", body=bytes(5_000_000)).status == 401


@pytest.mark.parametrize(("path", "status"), [("/api/x", 200), ("/page", 401)])
def test_a_preflight_passes_where_the_rule_allows_it(lab: Lab, path: str, status: int) -> None:
    asked = [("Origin", "https://other.example.org"), ("Access-Control-Request-Method", "POST")]
    assert lab.ask("wiki", path, "OPTIONS", asked).status == status
    assert lab.ask("wiki", path, "OPTIONS").status == 401


def test_a_url_of_100_kilobytes_is_refused(lab: Lab) -> None:
    answer = lab.ask("wiki", "/" + "x" * 100_000, headers=[lab.bearer()])
    # 502 where the proxy is still sending when it has been refused already.
    assert answer.status in (403, 414, 431, 502)


def test_line_breaks_in_the_target_are_refused(lab: Lab) -> None:
    assert lab.ask("wiki", "/page%0d%0aRemote-User:%20evil", headers=[lab.bearer()]).status == 403


def test_the_path_of_the_check_is_not_open(lab: Lab) -> None:
    assert lab.ask("wiki", "/.latchkey/check", headers=[lab.bearer()]).status == 404
    assert lab.ask("wiki", "/.latchkey/arrive?ticket=x", headers=PAGE).status == 400
