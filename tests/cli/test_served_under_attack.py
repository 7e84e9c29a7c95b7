"""HTTP/2 without TLS, slow bodies and headers, and a hung worker do not stop a served site."""

import socket
import struct
from itertools import cycle

import pytest

POST = (
    b"POST /api/auth HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)
pytestmark = pytest.mark.xdist_group("two_workers")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture
def server(two_workers):
    return two_workers


def connected(server):
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=30)


def frame(kind, flags, stream, payload):
    """An HTTP/2 frame (RFC 9113 §4.1)."""
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def test_http2_is_not_served_so_a_connection_has_one_request(server):
    for _ in range(3):
        with connected(server) as client:
            client.sendall(PREFACE + frame(4, 0, 0, b""))
            # An HTTP/2 server would begin with its own settings, a frame of type 4.
            assert client.recv(100)[3:4] != b"\x04"
    assert all(server.open("/healthz").status_code == 200 for _ in range(6))


def test_slow_bodies_do_not_block_others_and_time_out(server):
    clients = [connected(server) for _ in range(200)]
    try:
        for client in clients:
            client.sendall(POST)
        # Thirty-two threads in all: a thread for each body would have left none.
        assert [server.open("/healthz").status_code for _ in range(6)] == [200] * 6
        answers = [client.recv(100).split()[1] for client in clients]
    finally:
        for client in clients:
            client.close()
    # Those beyond what one client may have under way are refused at once.
    assert set(answers) == {b"408", b"503"}


BEGUN = b"", b"GET /healthz HTTP/1.1\r\nHost: local"
"""Nothing, and half a header."""


def test_incomplete_headers_do_not_block_others_and_time_out(server):
    clients = [connected(server) for _ in range(300)]
    try:
        for client, begun in zip(clients, cycle(BEGUN), strict=False):
            client.sendall(begun)
        assert [server.open("/healthz").status_code for _ in range(6)] == [200] * 6
        assert all(client.recv(100)[:12] in (b"", b"HTTP/1.1 408") for client in clients)
    finally:
        for client in clients:
            client.close()


def test_a_streamed_export_is_complete_and_disconnects_free_its_thread(run, add, server):
    add("chief", "super_admin", **server.settings)
    token = run("token mint chief --name export --scope admin:read", **server.settings).stdout.strip()
    whole = server.open("/admin/audit.jsonl", token)
    assert (whole.status_code, whole.text.count("\n") > 1) == (200, True)
    asked = f"GET /admin/audit.jsonl HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    # More than there are threads in all.
    for _ in range(40):
        with connected(server) as client:
            client.sendall(asked.encode())
    assert [server.open("/healthz").status_code for _ in range(6)] == [200] * 6


def test_a_worker_that_is_stopped_is_replaced_within_seconds(server, replaced):
    assert (replaced.hung in replaced.now, replaced.other in replaced.now, len(replaced.now)) == (False, True, 2)
    assert f"Replacing worker {replaced.hung}: it was stopped by a signal" in server.complained
