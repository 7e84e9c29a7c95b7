"""What the served site answers to requests that no browser sends: one server, over real sockets (RFC 9112)."""

import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.cli.serving import Server

HOST = b"Host: localhost\r\n"
POST = b"POST /api/auth HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
PIECES = 20_000


def status_of(site: Server, sent: bytes) -> int | None:
    """The status that is answered; None where the connection is closed without one."""
    with socket.create_connection(("127.0.0.1", urlsplit(site.url).port or 0), timeout=60) as connection:
        # What is refused before all of it was sent is closed at once.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(sent)
        first = b""
        with suppress(ConnectionResetError):
            first = connection.makefile("rb").readline(1000)
    return int(first.split()[1]) if first else None


@pytest.mark.xdist_group("two_workers")
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 200, id="what is right"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: [::1]:8000\r\n\r\n", 200, id="an IPv6 address as Host"),
        pytest.param(b"GET /healthz HTTP/1.0\r\n\r\n", 200, id="HTTP/1.0, which knows no Host"),
        pytest.param(b"GET /healthz HTTP/1.1\r\n\r\n", 400, id="no Host"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, id="two Hosts"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n", 400, id="a space in Host"),
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: evil.example/x\r\n\r\n", 400, id="a path in Host"),
        pytest.param(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, id="a long URL"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X-A: " + b"a" * 9000 + b"\r\n\r\n", 431, id="a long header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + HOST + b"X-A: 1\r\n" * 2000 + b"\r\n", 431, id="many headers"),
        pytest.param(b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 501, id="a method in small letters"),
        pytest.param(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 204, id="OPTIONS *"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None, id="HTTP/2"),
        pytest.param(POST + b"Transfer-Encoding: gzip\r\n\r\n", 400, id="another transfer coding"),
        pytest.param(POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, id="two lengths"),
        pytest.param(POST + b"Content-Length: 2, 3\r\n\r\n{}", 400, id="two lengths in one"),
        pytest.param(POST + b"Content-Length: 99999999\r\n\r\n" + b"a" * 200_000, 413, id="a body that is too long"),
        pytest.param(CHUNKED + b"fffff\r\n" + b"a" * 200_000, 413, id="a chunk that is too long"),
        pytest.param(CHUNKED + b"2\r\n{}\r\n" * 3 + b"0\r\n\r\n", 400, id="chunks that are no JSON"),
        pytest.param(CHUNKED + b"1\r\n{\r\n" * PIECES + b"0\r\n\r\n", 413, id="thousands of chunks"),
    ],
)
def test_an_unusual_request_is_answered_as_in_the_standard(
    two_workers: Server, sent: bytes, status: int | None
) -> None:
    assert status_of(two_workers, sent) == status
    assert status_of(two_workers, b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n") == 200
