"""The metrics of a real server: those of all its processes together, on an address of their own."""

import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from tests.cli.serving import get, serving, start
from tests.ports import free_port
from webapp.cli.metrics_server import AT_ONCE, MetricsServer


def workers_of(process):
    """The workers, without the process that tracks their resources."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in listed if b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()]


def value(text, sample):
    found = re.search(rf"^{re.escape(sample)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_processes_of_a_server_count_together_and_a_killed_one_loses_nothing(instance):
    bind = f"127.0.0.1:{free_port()}"
    public = 'latchkey_request_duration_seconds_count{method="GET",route="/public",status="200"}'
    with serving(start(instance, WEBAPP_WORKERS="2", WEBAPP_METRICS_BIND=bind)) as (server,):
        for _ in range(30):
            get(f"{server.url}/public", headers={"Accept": "application/json"})
        before = get(f"http://{bind}/metrics")
        assert before.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert value(before.text, public) == 30
        assert value(before.text, "latchkey_hashing_places_taken") == 0
        os.kill(workers_of(server.process)[0], signal.SIGKILL)
        time.sleep(1)
        server.ready()
        for _ in range(10):
            get(f"{server.url}/public", headers={"Accept": "application/json"})
        assert value(get(f"http://{bind}/metrics").text, public) == 40
        # The site itself has no such page, and this address has nothing else.
        assert get(f"{server.url}/metrics").status_code == 404
        assert get(f"http://{bind}/healthz").status_code == 404
        assert server.stop() == 0


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
        slow = [socket.create_connection(server.server_address) for _ in range(3 * AT_ONCE)]
        time.sleep(0.5)
        assert threading.active_count() - before <= AT_ONCE
        for connection in slow:
            connection.close()
        time.sleep(0.5)
        host, port = server.server_address
        assert get(f"http://{host}:{port}/metrics").text == "up 1\n"
    finally:
        server.shutdown()
        server.server_close()
