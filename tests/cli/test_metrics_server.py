"""The metrics of a real server: of all its processes together, on an IP address and port of their own."""

import re
import socket
import threading
import time

import pytest

from tests.cli.serving import get
from tests.cli.shared_servers import REQUESTS, metrics_of
from tests.cli.two_nodes import seconds_until
from tests.ports import free_port
from webapp.cli.metrics_server import AT_ONCE, MetricsServer


def value(text, sample):
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.xdist_group("two_workers")
def test_the_processes_of_a_server_count_together_and_a_killed_one_loses_nothing(two_workers, replaced):
    public = 'latchkey_request_duration_seconds_count{method="GET",route="/public",status="200"}'
    assert [value(text, public) for text in replaced.metrics] == [REQUESTS, REQUESTS]
    assert value(replaced.metrics[0], "latchkey_hashing_places_taken") == 0
    before = value(metrics_of(two_workers), public)
    for _ in range(10):
        get(f"{two_workers.url}/public", headers={"Accept": "application/json"})
    assert value(metrics_of(two_workers), public) == before + 10


@pytest.mark.xdist_group("two_workers")
def test_metrics_are_served_at_an_address_of_their_own(two_workers):
    there = f"http://{two_workers.settings['WEBAPP_METRICS_BIND']}"
    answer = get(f"{there}/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert [get(f"{two_workers.url}/metrics").status_code, get(f"{there}/healthz").status_code] == [404, 404]


def test_a_port_of_the_metrics_that_is_in_use_is_one_message(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run("serve", WEBAPP_METRICS_BIND=bind, WEBAPP_BIND=f"127.0.0.1:{free_port()}")
    expected = f"Another program already listens on {bind}. Stop it, or choose another port with WEBAPP_METRICS_BIND.\n"
    assert (done.exit_code, done.stderr) == (1, expected)


@pytest.mark.parametrize("bind", ["9464", "127.0.0.1", "127.0.0.1:0", "http://x:1"])
def test_an_address_of_the_metrics_has_host_and_port(run, bind):
    done = run("serve", WEBAPP_METRICS_BIND=bind)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("WEBAPP_METRICS_BIND must be an IP address and a port")


def test_many_slow_clients_do_not_take_many_threads():
    server = MetricsServer("127.0.0.1", 0, lambda: b"up 1\n")
    server.start()
    before = threading.active_count()
    try:
        slow = [connected(server) for _ in range(3 * AT_ONCE)]
        # Those beyond are closed at once.
        assert [connection.recv(1) for connection in slow[AT_ONCE:]] == [b""] * (2 * AT_ONCE)
        assert threading.active_count() - before <= AT_ONCE
        for connection in slow:
            connection.close()
        seconds_until(lambda: threading.active_count() <= before)
        host, port = server.server_address
        assert get(f"http://{host}:{port}/metrics").text == "up 1\n"
    finally:
        server.shutdown()
        server.server_close()


def connected(server):
    connection = socket.create_connection(server.server_address, timeout=30)
    # Few wait to be accepted; one that comes too early would be tried again after a second.
    time.sleep(0.005)
    return connection
