"""Whose word counts about where a request comes from."""

import pytest
from flask import request

from tests.guard.example_routes import add
from tests.script import Script
from webapp.guard import public
from webapp.web.proxy import parse_entry


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
        pytest.param("1.2.3.4:4711", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="a port is passed over"),
        pytest.param("6.6.6.6:1, 1.2.3.4:2, 10.0.0.9:3", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="ports all along"),
        pytest.param("[2001:db8::1]:4711", "::1", "::1/128", "2001:db8::1", id="brackets go with their port"),
        pytest.param("5.6.7.8, [::ffff:10.0.0.9]:1", "10.0.0.1", "10.0.0.0/8", "5.6.7.8", id="our proxy in brackets"),
        pytest.param(", " * 2000 + "1.2.3.4", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="a long chain is cut"),
    ],
)
def test_the_caller_is_whom_our_own_proxies_saw(address, forwarded, peer, trusted, believed):
    assert address(forwarded, peer=peer, trusted=trusted) == believed


@pytest.mark.parametrize(
    ("entry", "held"),
    [
        *(("203.0.113.1", "203.0.113.1"), (" \t203.0.113.1\t", "203.0.113.1"), ("203.0.113.1:4711", "203.0.113.1")),
        *(("203.0.113.1:0", "203.0.113.1"), ("203.0.113.1:65535", "203.0.113.1"), ("2001:DB8::1", "2001:db8::1")),
        *(("[2001:db8::1]", "2001:db8::1"), ("[2001:db8::1]:4711", "2001:db8::1"), ("[::1]:80", "::1")),
        # Without brackets the last group belongs to the address.
        *(("2001:db8::1:4711", "2001:db8::1:4711"), ("::ffff:1.2.3.4", "1.2.3.4"), ("::FFFF:102:304", "1.2.3.4")),
        *(
            ("[::ffff:1.2.3.4]", "1.2.3.4"),
            ("[::ffff:1.2.3.4]:80", "1.2.3.4"),
            ("64:ff9b::1.2.3.4", "64:ff9b::102:304"),
        ),
        # A zone is a name on the proxy, and free text.
        *(("fe80::1%eth0", "fe80::1"), ("[fe80::1%25eth0]:80", "fe80::1"), ("::ffff:1.2.3.4%1", "1.2.3.4")),
        *(("", None), ("unknown", None), ("_hidden", None), ("localhost", None), ("example.org:80", None)),
        *(("203.0.113.1:", None), ("203.0.113.1:65536", None), ("203.0.113.1:port", None), ("203.0.113.1:-1", None)),
        *(("203.0.113.1:80:80", None), ("203.0.113", None), ("203.0.113.256", None), ("203.0.113.01", None)),
        *(
            ("0xcb007101", None),
            ("3405803777", None),
            ("1.2.3.4/32", None),
            ("1.2.3.4%eth0", None),
            ("1.2.3.4 5", None),
        ),
        *(("[1.2.3.4]", None), ("[1.2.3.4]:80", None), ("[]", None), ("[]:80", None), ("[::1", None), ("::1]", None)),
        *(("[::1]80", None), ("[::1]:", None), ("[[::1]]", None), ("::1::2", None), ("1:2:3:4:5:6:7:8:9", None)),
        *(("fe80::1%", None), ("fe80::1%a b", None), ("fe80::1%<b>", None), ("fe80::1%" + "x" * 65, None)),
        *(('"[2001:db8::1]:80"', None), ("١.٢.٣.٤", None), ("1.2.3.4:٨٠", None), ("1.2.3.4\n", None)),
        *(("1" * 60_000, None), (":" * 60_000, None), ("[" * 60_000, None), ("1.2.3.4:" + "9" * 60_000, None)),
    ],
)
def test_an_entry_is_the_ip_address_that_it_holds(entry, held):
    found = parse_entry(entry)
    assert (found and str(found)) == held


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
