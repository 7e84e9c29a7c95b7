"""Which forwarded headers are trusted."""

import time
from ipaddress import ip_network

import pytest
from flask import request

from tests.guard.example_routes import add
from tests.script import Script
from tests.tables import events
from webapp.audit import untrusted_proxies
from webapp.guard import public
from webapp.testing import as_user
from webapp.web.forwarded import ProxiedClient, client_of, parse_entry


@pytest.fixture
def client_ip_address(make_app):
    def ask(forwarded, *, peer, trusted=""):
        app = make_app(**({"WEBAPP_TRUSTED_PROXIES": trusted} if trusted else {}))
        add(app, "/address", public(lambda: request.remote_addr or "nowhere"))
        return (
            Script(app, ip_address=peer)
            .get("/address", headers={"X-Forwarded-For": forwarded} if forwarded else {})
            .text
        )

    return ask


@pytest.mark.parametrize(
    ("forwarded", "peer", "trusted", "believed"),
    [
        pytest.param("1.2.3.4", "203.0.113.1", "", "203.0.113.1", id="by default nobody is believed"),
        pytest.param("1.2.3.4", "203.0.113.1", "10.0.0.0/8", "203.0.113.1", id="an untrusted client is ignored"),
        pytest.param("1.2.3.4", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="our proxy is believed"),
        pytest.param("6.6.6.6, 1.2.3.4", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="what a client wrote before is not"),
        pytest.param("1.2.3.4, 10.0.0.9", "10.0.0.1", "10.0.0.0/8", "1.2.3.4", id="two proxies of ours are believed"),
        pytest.param("10.0.0.9, 6.6.6.6", "10.0.0.1", "10.0.0.0/8", "6.6.6.6", id="a client cannot name our proxy"),
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
def test_the_client_ip_address_is_the_one_that_trusted_proxies_saw(
    client_ip_address, forwarded, peer, trusted, believed
):
    assert client_ip_address(forwarded, peer=peer, trusted=trusted) == believed


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
def test_other_forwarding_headers_are_ignored(make_app, header):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    add(app, "/address", public(lambda: request.remote_addr or "nowhere"))
    answer = Script(app, ip_address="10.0.0.1").get("/address", headers={header: "1.2.3.4"})
    assert answer.text == "10.0.0.1"


@pytest.mark.parametrize("header", ["X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix", "X-Forwarded-Uri"])
def test_a_forwarded_host_does_not_change_the_base_url(make_app, header):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    headers = {header: "evil", "Accept": "text/html", "Host": "localhost:8000"}
    answer = Script(app, ip_address="10.0.0.1").get("/protected", headers=headers)
    assert answer.headers["Location"] in ("/login?next=/protected", "http://localhost:8000/protected")


LONG = "for=6.6.6.6," * 600


@pytest.mark.parametrize(
    ("headers", "peer", "believed"),
    [
        pytest.param({"Forwarded": "for=1.2.3.4"}, "10.0.0.1", "1.2.3.4", id="our proxy"),
        pytest.param({"Forwarded": "for=1.2.3.4"}, "203.0.113.1", "203.0.113.1", id="an untrusted client"),
        pytest.param({"Forwarded": "for=6.6.6.6, for=1.2.3.4"}, "10.0.0.1", "1.2.3.4", id="written before ours"),
        pytest.param({"Forwarded": "for=1.2.3.4, for=10.0.0.9"}, "10.0.0.1", "1.2.3.4", id="two of ours"),
        pytest.param({"Forwarded": "for=10.0.0.9, for=6.6.6.6"}, "10.0.0.1", "6.6.6.6", id="a client names ours"),
        pytest.param(
            {"Forwarded": 'FOR="[2001:db8::1]:4711";proto=https;by=10.0.0.1'}, "10.0.0.1", "2001:db8::1", id="quoted"
        ),
        pytest.param({"Forwarded": 'for="1.2.3.4:_port"'}, "10.0.0.1", "1.2.3.4", id="an obfuscated port"),
        pytest.param({"Forwarded": r'for="1\.2.3.4"'}, "10.0.0.1", "1.2.3.4", id="an escaped character"),
        pytest.param({"Forwarded": "for=2001:db8::1"}, "10.0.0.1", "10.0.0.1", id="IPv6 without brackets"),
        pytest.param({"Forwarded": "for=_hidden"}, "10.0.0.1", "10.0.0.1", id="an obfuscated identifier"),
        pytest.param({"Forwarded": "for=unknown"}, "10.0.0.1", "10.0.0.1", id="unknown"),
        pytest.param({"Forwarded": "for=6.6.6.6, for=unknown"}, "10.0.0.1", "10.0.0.1", id="nothing before unknown"),
        pytest.param({"Forwarded": 'for="6.6.6.6, for=1.2.3.4'}, "10.0.0.1", "1.2.3.4", id="an open quote before ours"),
        pytest.param({"Forwarded": "for=1.2.3.4;for=6.6.6.6"}, "10.0.0.1", "10.0.0.1", id="a parameter twice"),
        pytest.param({"Forwarded": "for=1.2.3.4;"}, "10.0.0.1", "10.0.0.1", id="malformed"),
        pytest.param({"Forwarded": ""}, "10.0.0.1", "10.0.0.1", id="empty"),
        pytest.param({"Forwarded": LONG + "for=1.2.3.4"}, "10.0.0.1", "1.2.3.4", id="a long chain is cut"),
        pytest.param(
            {"Forwarded": "for=6.6.6.6", "X-Forwarded-For": "1.2.3.4"}, "10.0.0.1", "1.2.3.4", id="both: ours is X-"
        ),
        pytest.param({"X-Forwarded-Proto": "https"}, "10.0.0.1", "10.0.0.1", id="no address at all"),
    ],
)
def test_forwarded_is_read_like_x_forwarded_for(make_app, headers, peer, believed):
    app = make_app(WEBAPP_TRUSTED_PROXIES="10.0.0.0/8")
    add(app, "/address", public(lambda: request.remote_addr or "nowhere"))
    assert Script(app, ip_address=peer).get("/address", headers=headers).text == believed


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, (None, None)),
        ({"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "A.example:8443"}, ("https", "a.example:8443")),
        ({"HTTP_X_FORWARDED_PROTO": "http, https", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}, ("https", None)),
        ({"HTTP_X_FORWARDED_PROTO": "https, http", "HTTP_X_FORWARDED_FOR": "1.2.3.4, 10.0.0.9"}, ("https", None)),
        ({"HTTP_X_FORWARDED_PROTO": "ftp", "HTTP_X_FORWARDED_HOST": "a b"}, (None, None)),
        ({"HTTP_X_FORWARDED_HOST": "x" * 5000}, (None, None)),
        ({"HTTP_FORWARDED": 'for=1.2.3.4;proto=https;host="a.example:8443"'}, ("https", "a.example:8443")),
        ({"HTTP_FORWARDED": "for=6.6.6.6;proto=http;host=evil, for=1.2.3.4;proto=https"}, ("https", None)),
        ({"HTTP_FORWARDED": "proto=http;host=evil", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}, (None, None)),
        ({"HTTP_FORWARDED": 'host="[::1]:80";proto=HTTPS'}, ("https", "[::1]:80")),
    ],
)
def test_scheme_and_host_are_those_of_the_outermost_trusted_proxy(headers, found):
    networks = [ip_network("10.0.0.0/8")]
    client = client_of({"REMOTE_ADDR": "10.0.0.1"} | headers, networks)
    assert (client.scheme, client.host) == found
    assert client_of({"REMOTE_ADDR": "203.0.113.1"} | headers, networks) == ProxiedClient()


@pytest.mark.parametrize(
    "header", [";" * 8000, '"' * 8000, "for=" * 2000, 'for="' + "\\a" * 4000, "," * 8000, "a=" + "b" * 8000]
)
def test_a_long_malformed_header_takes_no_time(header):
    begun = time.perf_counter()
    client_of({"REMOTE_ADDR": "10.0.0.1", "HTTP_FORWARDED": header}, [ip_network("10.0.0.0/8")])
    assert time.perf_counter() - begun < 0.05


def test_an_untrusted_proxy_is_reported_once_in_the_log_and_to_the_operator(app, logged, database):
    for number in range(3):
        Script(app, ip_address="172.18.0.1").get("/healthz", headers={"X-Forwarded-For": f"1.2.3.{number}"})
    assert logged().count("forwarded headers ignored") == 1
    assert "WEBAPP_TRUSTED_PROXIES=172.18.0.1" in logged()
    with database.read() as db:
        assert untrusted_proxies.recent(db) == ["172.18.0.1"]


def test_forwarded_headers_of_many_clients_do_not_fill_the_log_or_the_table(app, logged, database):
    for number in range(60):
        Script(app, ip_address=f"203.0.113.{number}").get("/healthz", headers={"Forwarded": "for=1.2.3.4"})
    assert logged().count("forwarded headers ignored") == 32
    assert len(events(app, "proxy.ignored")) == 10


def test_the_admin_overview_shows_the_ip_address_to_trust(make_app):
    app = make_app()
    Script(app, ip_address="172.18.0.1").get("/healthz", headers={"X-Forwarded-For": "1.2.3.4"})
    assert "172.18.0.1" in as_user(app, "mara", role="super_admin").get("/admin").text
    trusting = make_app(WEBAPP_TRUSTED_PROXIES="172.16.0.0/12")
    assert "172.18.0.1" not in as_user(trusting, "mara").get("/admin").text
