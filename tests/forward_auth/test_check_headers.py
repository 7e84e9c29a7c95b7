"""The headers with which a proxy asks: what is missing, doubled, odd or contradictory is refused with 403."""

import logging

import pytest

from tests.forward_auth.proxy import OWN_HOST, PROXY, forwarded, proxied
from webapp.forward_auth.app_settings import RuleSettings
from webapp.web.wsgi_environ import REPEATED

WIKI = "https://wiki.example.org"
HEADERS = {
    "method": "X-Forwarded-Method",
    "scheme": "X-Forwarded-Proto",
    "host": "X-Forwarded-Host",
    "URI": "X-Forwarded-Uri",
    "client": "X-Forwarded-For",
}


@pytest.fixture(autouse=True)
def wiki(restored, app):
    restored.prepare(put_wiki_behind)


def put_wiki_behind(app):
    proxied(app, "wiki", RuleSettings(is_public=True))


def ask(proxy, changes=None, *, url=f"{WIKI}/page", peer=PROXY, environ=None):
    """The status of a check with other headers; None leaves one out."""
    headers = forwarded("GET", url) | (changes or {})
    sent = {name: value for name, value in headers.items() if value is not None}
    overrides = {"REMOTE_ADDR": peer} | (environ or {})
    return proxy.person.client.get("/forward-auth", base_url=WIKI, headers=sent, environ_overrides=overrides)


def test_the_plain_question_is_answered(proxy):
    assert ask(proxy).status_code == 200


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_missing_header_is_refused(proxy, header):
    assert ask(proxy, {header: None}).status_code == 403


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_an_empty_header_is_refused(proxy, header):
    assert ask(proxy, {header: ""}).status_code == 403


@pytest.mark.parametrize(
    "header", [*list(HEADERS.values())[:4], "X-Original-Uri", "X-Original-Url", "X-Original-Method"]
)
def test_a_header_that_was_sent_twice_is_refused(proxy, header):
    name = "HTTP_" + header.upper().replace("-", "_")
    given = {"X-Original-Uri": "/page", "X-Original-Url": f"{WIKI}/page", "X-Original-Method": "GET"}
    changes = {header: given[header]} if header in given else {}
    assert ask(proxy, changes, environ={REPEATED: frozenset()}).status_code == 200
    assert ask(proxy, changes, environ={REPEATED: frozenset({name})}).status_code == 403


JOINED = {
    "X-Forwarded-Method": "GET,GET",
    "X-Forwarded-Proto": "https,https",
    "X-Forwarded-Host": "wiki.example.org,wiki.example.org",
    "X-Forwarded-Uri": "/page,/page",
    "X-Original-Uri": "/page, /page",
    "X-Original-Url": f"{WIKI}/page,{WIKI}/page",
}


@pytest.mark.parametrize("header", JOINED)
def test_two_values_that_a_server_has_joined_are_refused(proxy, header):
    """As of servers that do not say so."""
    assert ask(proxy, {header: JOINED[header]}).status_code == 403


ODD = [
    ("X-Forwarded-Method", "get"),
    ("X-Forwarded-Method", "GET POST"),
    ("X-Forwarded-Method", "G" * 21),
    ("X-Forwarded-Method", "GÉT"),
    ("X-Forwarded-Method", "GET\tX"),
    ("X-Forwarded-Proto", "ftp"),
    ("X-Forwarded-Proto", "HTTPS"),
    ("X-Forwarded-Proto", "https://"),
    ("X-Forwarded-Proto", "wss"),
    ("X-Forwarded-Uri", "page"),
    ("X-Forwarded-Uri", f"{WIKI}/page"),
    ("X-Forwarded-Uri", "*"),
    ("X-Forwarded-Uri", "/pa ge"),
    ("X-Forwarded-Uri", "/pägé"),
    ("X-Forwarded-Uri", "/a\x7f"),
    ("X-Forwarded-Uri", "/a\tb"),
    ("X-Forwarded-Uri", "/" + "x" * 8192),
    ("X-Forwarded-For", "unknown"),
    ("X-Forwarded-For", "203.0.113.999"),
]


@pytest.mark.parametrize(("header", "value"), ODD, ids=[f"{header[12:]} {value[:20]!r}" for header, value in ODD])
def test_an_odd_value_is_refused(proxy, header, value):
    assert ask(proxy, {header: value}).status_code == 403


def test_a_uri_of_8192_characters_is_read(proxy):
    assert ask(proxy, {"X-Forwarded-Uri": "/" + "x" * 8191}).status_code == 200


AGREES = {
    "X-Original-Uri": "/page?x=1",
    "X-Original-Url": f"{WIKI}/page?x=1",
    "X-Original-Method": "GET",
}
CONTRADICTS = [
    ("X-Original-Uri", "/other"),
    ("X-Original-Uri", "/page"),
    ("X-Original-Url", f"{WIKI}/other?x=1"),
    ("X-Original-Url", "https://notes.example.org/page?x=1"),
    ("X-Original-Url", "http://wiki.example.org/page?x=1"),
    ("X-Original-Url", "/page?x=1"),
    ("X-Original-Url", "https://[/page"),
    ("X-Original-Method", "POST"),
]


@pytest.mark.parametrize("header", AGREES)
def test_headers_of_ingress_nginx_may_say_the_same(proxy, header):
    assert ask(proxy, {header: AGREES[header]}, url=f"{WIKI}/page?x=1").status_code == 200


@pytest.mark.parametrize(("header", "value"), CONTRADICTS)
def test_headers_that_contradict_each_other_are_refused(proxy, header, value):
    assert ask(proxy, {header: value}, url=f"{WIKI}/page?x=1").status_code == 403


def test_headers_of_ingress_nginx_are_enough(proxy):
    none = dict.fromkeys(["X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri"])
    original = {"X-Original-Url": f"{WIKI}/page?x=1", "X-Original-Method": "GET"}
    assert ask(proxy, none | original).status_code == 200
    assert ask(proxy, none | {"X-Original-Url": f"{WIKI}/page"}).status_code == 403


@pytest.mark.parametrize("peer", ["192.0.2.2", "127.0.0.1", "::1", "203.0.113.18", "", "::ffff:192.0.2.2"])
def test_whoever_is_no_trusted_proxy_is_refused(proxy, peer):
    assert ask(proxy, peer=peer).status_code == 403


def test_a_trusted_proxy_may_come_by_a_mapped_address(proxy):
    assert ask(proxy, peer="::ffff:192.0.2.1").status_code == 200


HOSTS = [
    ("wiki.example.org", 200),
    ("WIKI.Example.Org", 200),
    ("wiki.example.org.", 200),
    ("wiki.example.org:443", 200),
    ("wiki.example.org:0443", 200),
    ("wiki.example.org:80", 403),
    ("wiki.example.org:8443", 403),
    ("wiki.example.org..", 403),
    (".wiki.example.org", 403),
    ("wiki.example.org:", 403),
    ("wiki.example.org:x", 403),
    ("wiki.example.org:443:443", 403),
    ("wiki.example.org@evil.example", 403),
    ("evil.example", 403),
    ("evil.wiki.example.org", 403),
    ("wiki.example.orgx", 403),
    ("wiki.example.org/", 403),
    ("wiki.example.org wiki.example.org", 403),
    ("wiki.example.org\t", 403),
    ("wıki.example.org", 403),
    ("[::1]", 403),
    (OWN_HOST, 403),
    ("x" * 300, 403),
]


@pytest.mark.parametrize(("host", "status"), HOSTS)
def test_a_host_has_one_spelling_and_must_be_known(proxy, host, status):
    assert ask(proxy, {"X-Forwarded-Host": host.encode().decode("latin-1")}).status_code == status


def test_only_get_and_head_ask(proxy):
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = proxy.person.client.open(
            "/forward-auth",
            method=method,
            base_url=WIKI,
            headers=forwarded("GET", f"{WIKI}/page"),
            environ_overrides={"REMOTE_ADDR": PROXY},
        )
        assert answer.status_code == 405


def test_an_upgrade_is_answered_like_any_other_request(proxy):
    assert ask(proxy, {"Connection": "Upgrade", "Upgrade": "websocket"}).status_code == 200


def test_own_paths_of_the_login_are_not_asked_for(proxy):
    assert proxy.check(f"{WIKI}/.latchkey/arrive?ticket=x").status_code == 403


def test_the_log_says_why_and_the_answer_does_not(proxy, caplog):
    caplog.set_level(logging.INFO)
    answer = ask(proxy, {"X-Forwarded-Host": "unknown.example.org"})
    assert "no app has this host" in str([record.__dict__.get("fields") for record in caplog.records])
    assert "host" not in answer.text
    assert answer.headers["Cache-Control"]
