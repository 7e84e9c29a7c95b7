"""What stops a naive server does not stop this one: HTTP/2 half requests, slow bodies and headers, a hung worker."""

import os
import signal
import socket
import struct
import time
from contextlib import suppress

import pytest

from tests.cli.serving import serving, start
from tests.cli.test_graceful_stop import workers_of
from tests.conftest import copied

POST = (
    b"POST /api/auth HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)
# One server for most of them.
pytestmark = pytest.mark.xdist_group("attack")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def server(migrated):
    quick = {
        "WEBAPP_BODY_TIMEOUT": "3s",
        "WEBAPP_HEADER_TIMEOUT": "3s",
        "WEBAPP_THREADS": "8",
        "WEBAPP_CONNECTIONS": "400",
        "WEBAPP_WORKERS": "2",
    }
    with copied(migrated) as instance, serving(start(instance, **quick)) as (server,):
        yield server
        assert server.stop() == 0


def connected(server):
    return socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=30)


def connected_unread(server):
    """With a buffer that the first answer fills already."""
    client = socket.socket()
    client.settimeout(30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
    return client


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
        # Sixteen threads in all: a thread for each body would have left none.
        assert [server.open("/healthz").status_code for _ in range(6)] == [200] * 6
        answers = [client.recv(100).split()[1] for client in clients]
    finally:
        for client in clients:
            client.close()
    # Those beyond what one client may have under way are refused at once.
    assert set(answers) == {b"408", b"503"}


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: local"], ids=["nothing", "half a header"])
def test_incomplete_headers_do_not_block_others_and_time_out(server, begun):
    clients = [connected(server) for _ in range(300)]
    try:
        for client in clients:
            client.sendall(begun)
        assert [server.open("/healthz").status_code for _ in range(6)] == [200] * 6
        assert clients[0].recv(100)[:12] in (b"", b"HTTP/1.1 408")
    finally:
        for client in clients:
            client.close()


def test_connections_that_read_nothing_do_not_block_other_networks(instance):
    request = b"GET /docs HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\r\n" * 2
    with serving(start(instance, WEBAPP_CONNECTIONS="64")) as (server,):
        clients = [connected_unread(server) for _ in range(100)]
        try:
            for client in clients:
                # What was cut off meanwhile need not take it.
                with suppress(OSError):
                    client.sendall(request)
            # A quarter of the connections is all that one network keeps; the rest is for others.
            with socket.create_connection(
                clients[0].getpeername(), timeout=60, source_address=("127.0.0.9", 0)
            ) as other:
                other.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert other.recv(100).split()[1] == b"200"
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


def test_a_worker_that_is_stopped_is_replaced_within_seconds(server):
    hung, other = workers_of(server)
    os.kill(hung, signal.SIGSTOP)
    until = time.monotonic() + 60
    while time.monotonic() < until and (hung in workers_of(server) or len(workers_of(server)) < 2):
        time.sleep(0.1)
    now = workers_of(server)
    assert (hung in now, other in now, len(now)) == (False, True, 2)
    assert server.ready()
    # Other tests have left lines before it.
    assert any(f"Replacing worker {hung}: it was stopped by a signal" in line for line in server.process.stderr)
