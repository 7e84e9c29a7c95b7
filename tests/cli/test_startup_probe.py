"""StartupProbe: what serve prints is printed when a request is answered, not before."""

import socket
import threading

import pytest

from webapp.cli.startup_probe import StartupProbe, reachable

ANSWER = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"


def test_it_waits_for_an_answer_not_for_an_open_port():
    called = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        StartupProbe("0.0.0.0", server.getsockname()[1], called.set).start()
        for answer in (b"", b"nonsense\r\n\r\n", ANSWER):
            connection, _address = server.accept()
            with connection:
                assert connection.recv(1000).startswith(b"GET /healthz ")
                assert not called.is_set()
                connection.sendall(answer)
        assert called.wait(30)


@pytest.mark.parametrize(
    ("bound", "connected"),
    [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("127.0.0.1", "127.0.0.1"), ("192.0.2.7", "192.0.2.7"), ("::1", "::1")],
)
def test_all_addresses_are_reached_by_loopback(bound, connected):
    assert reachable(bound) == connected
