"""Whose word counts about where a request comes from."""

import pytest
from flask import request

from tests.guard.doors import add
from tests.script import Script
from webapp.guard import public


@pytest.fixture
def address(make_app):
    def ask(forwarded, *, peer, trusted=""):
        app = make_app(**({"WEBAPP_TRUSTED_PROXIES": trusted} if trusted else {}))
        add(app, "/address", public(lambda: request.remote_addr or "nowhere"))
        return (
            Script(app, address=peer).get("/address", headers={"X-Forwarded-For": forwarded} if forwarded else {}).text
        )

    return ask


@pytest.mark.parametrize(
    ("forwarded", "peer", "trusted", "believed"),
    [
        pytest.param("1.2.3.4", "203.0.113.1", "", "203.0.113.1", id="by default nobody is believed"),
        pytest.param("1.2.3.4", "203.0.113.1", "10.0.0.0/8", "203.0.113.1", id="a stranger is not believed"),
        pytest.param("1.2.3.4", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="our proxy is believed"),
        pytest.param("6.6.6.6, 1.2.3.4", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="what a stranger wrote before is not"),
        pytest.param("1.2.3.4, 10.0.0.9", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="two proxies of ours are believed"),
        pytest.param("10.0.0.9, 6.6.6.6", "10.0.0.1", "10.0.0.0/8", "6.6.6.6", id="a stranger cannot name our proxy"),
        pytest.param("nonsense", "10.0.0.1", "10.0.0.0/8", "10.0.0.1", id="nonsense is passed over"),
        pytest.param("1.2.3.4, nonsense", "10.0.0.1", "10.0.0.0/8", "10.0.0.1", id="nothing before nonsense is read"),
        pytest.param("", "10.0.0.1", "10.0.0.0/8", "10.0.0.1", id="a proxy that says nothing is the caller"),
        pytest.param("::ffff:1.2.3.4", "::ffff:10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="IPv4 in IPv6 is IPv4"),
        pytest.param("2001:db8::1", "10.0.0.1", "10.0.0.0/8", "2001:db8::1", id="IPv6 behind IPv4"),
        pytest.param("1.2.3.4:80", "10.0.0.1", "10.0.0.0/8", "10.0.0.1", id="an address with a port is nonsense"),
        pytest.param(", " * 5000 + "1.2.3.4", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="a long chain is cut"),
    ],
)
def test_the_caller_is_whom_our_own_proxies_saw(address, forwarded, peer, trusted, believed):
    assert address(forwarded, peer=peer, trusted=trusted) == believed


@pytest.mark.parametrize("header", ["X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP"])
def test_no_other_header_is_believed_from_anybody(make_app, header):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    add(app, "/address", public(lambda: request.remote_addr or "nowhere"))
    answer = Script(app, address="10.0.0.1").get("/address", headers={header: "1.2.3.4"})
    assert answer.text == "10.0.0.1"


@pytest.mark.parametrize("header", ["X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Uri"])
def test_a_proxy_does_not_say_where_the_house_stands(make_app, header):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    answer = Script(app, address="10.0.0.1").get("/protected", headers={header: "evil", "Accept": "text/html"})
    assert answer.headers["Location"] == "/login?next=/protected"
