"""OutgoingHttp: which URLs a request may go to, and which responses it accepts."""

import socket
import threading
import time
from contextlib import contextmanager, suppress
from ipaddress import ip_address

import pytest

from webapp.core import outgoing_http
from webapp.core.outgoing_http import NotReached, OutgoingHttp, PrivateHosts, is_public
from webapp.settings import SettingsError

HERE = OutgoingHttp(PrivateHosts.of(["127.0.0.1"]), timeout=0.4)


@contextmanager
def server(*pieces: bytes, pause: float = 0.0):
    """A server that sends the pieces of one response; its URL and what it received."""
    received = []

    def serve():
        with listening.accept()[0] as client:
            # Read until the client waits for the response.
            client.settimeout(0.05)
            with suppress(TimeoutError):
                while data := client.recv(65536):
                    received.append(data)
            try:
                for piece in pieces:
                    client.sendall(piece)
                    time.sleep(pause)
            except OSError:
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/logout?a=1", received
        thread.join()


@pytest.mark.parametrize(("named", "is_reached"), [("wiki.localhost", True), ("localhost", False), ("", False)])
def test_names_below_localhost_are_this_machine_if_they_are_named(named, is_reached):
    http = OutgoingHttp(PrivateHosts.of([named] if named else []), timeout=0.4)
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (url, _received):
        here = url.replace("127.0.0.1", "wiki.localhost")
        if is_reached:
            assert http.send("GET", here).body == b"ok"
            return
        with pytest.raises(NotReached, match="WEBAPP_PRIVATE_HOSTS"):
            http.send("GET", here)
        HERE.send("GET", url)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("1.1.1.1", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.1.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("ff0e::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:1.1.1.1", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_an_ip_address_is_public_only_on_the_internet(address, public):
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize(
    "url",
    [
        *("", "x", "/path", "ftp://example.org/", "file:///etc/passwd", "https://", "https://u:p@example.org/"),
        *("http://127.0.0.1:1/", "https://127.0.0.1:1/", "https://localhost/", "https://[::1]/", "https://2130706433/"),
        *("https://[::ffff:10.0.0.1]/", "http://1.1.1.1/", "https://no-such-host.invalid/", "https://example.org:x/"),
        *("https://0x7f.1/", "https://[bad", "https://\x00/", "https://" + "a" * 300 + ".org/"),
    ],
)
def test_a_url_that_is_not_https_to_a_public_host_is_not_requested(url):
    with pytest.raises(NotReached):
        OutgoingHttp().send("GET", url)


def test_every_address_of_a_name_is_checked(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in ("1.1.1.1", "10.0.0.1")]
    monkeypatch.setattr(outgoing_http.socket, "getaddrinfo", lambda *_, **__: found)
    with pytest.raises(NotReached, match=r"10\.0\.0\.1 is not public"):
        OutgoingHttp().send("GET", "https://rebound.example.org/")
    allowed = OutgoingHttp(PrivateHosts.of(["Rebound.example.org"]))
    assert allowed.checked_ip_addresses("https", "rebound.example.org", 443) == ["1.1.1.1", "10.0.0.1"]
    networks = OutgoingHttp(PrivateHosts.of(["10.0.0.0/8"]))
    assert networks.checked_ip_addresses("https", "rebound.example.org", 443) == ["1.1.1.1", "10.0.0.1"]


@pytest.mark.parametrize(
    ("named", "url", "may"),
    [
        ("", "https://id.example.org", True),
        ("", "http://id.example.org", False),
        ("", "https://localhost:8001", False),
        ("", "https://id.internal", False),
        ("", "https://127.0.0.1", False),
        ("", "https://[::1]/", False),
        ("", "https://1.1.1.1", True),
        ("", "http://1.1.1.1", False),
        ("localhost", "http://LOCALHOST:8001", True),
        ("localhost", "http://127.0.0.1:8001", False),
        ("10.1.0.0/16", "http://10.1.2.3", True),
        ("10.1.0.0/16", "http://10.2.2.3", False),
        ("10.1.0.0/16", "http://id.internal", True),
    ],
)
def test_a_url_that_cannot_be_allowed_is_known_without_a_look_up(named, url, may):
    assert PrivateHosts.of(named.split()).may_allow(url) == may


def test_a_named_host_is_asked_and_answers():
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (url, received):
        answer = HERE.send("POST", url, body=b"logout_token=x", headers={"Content-Type": "text/plain"})
    assert (answer.status, answer.body) == (200, b"ok")
    assert b"".join(received).startswith(b"POST /logout?a=1 HTTP/1.1\r\n")
    assert b"".join(received).endswith(b"\r\n\r\nlogout_token=x")
    assert b"User-Agent: Latchkey\r\n" in b"".join(received)


def test_a_redirect_is_an_answer_and_is_not_followed():
    with server(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n") as (url, _):
        assert HERE.send("GET", url).status == 302


@pytest.mark.parametrize(
    ("pieces", "pause"),
    [
        ([b"nonsense\r\n\r\n"], 0),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"], 0),
        ([b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (outgoing_http.LARGEST + 1)], 0),
        ([b"HTTP/1.1 200 OK\r\n", *[b"A: b\r\n"] * 500], 0),
        ([b"H", *[b"x"] * 8], 0.1),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"x"] * 8], 0.1),
    ],
    ids=["no HTTP", "cut off", "too large", "too many headers", "slow head", "slow body"],
)
def test_a_bad_or_slow_answer_is_none_and_ends_in_time(pieces, pause):
    began = time.monotonic()
    with server(*pieces, pause=pause) as (url, _):
        with pytest.raises(NotReached, match=r"127\.0\.0\.1"):
            HERE.send("GET", url)
        assert time.monotonic() - began < 0.7


@pytest.mark.parametrize("value", ["https://wiki", "10.0.0.1/8", "a b/c", "wiki/24", "*"])
def test_a_private_host_is_a_name_or_a_network(make_app, value):
    with pytest.raises(SettingsError, match="WEBAPP_PRIVATE_HOSTS"):
        make_app(WEBAPP_PRIVATE_HOSTS=value)
