"""What serve writes: with WEBAPP_LOG_JSON every line is JSON, whoever writes it."""

import json
import os
import signal
import socket
import time

import pytest

from tests.cli.serving import get, serving, start


def parsed(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("unbuilt")
def test_every_line_of_a_server_is_json_also_those_of_granian(instance):
    with serving(start(instance, WEBAPP_LOG_JSON="true", WEBAPP_ACCESS_LOG="true")) as (server,):
        get(f"{server.url}/protected?private=1")
        children = f"/proc/{server.process.pid}/task/{server.process.pid}/children"
        with open(children) as file:
            worker = max(int(number) for number in file.read().split())
        os.kill(worker, signal.SIGKILL)
        time.sleep(1)
        server.ready()
        server.stop()
    said, complained = parsed(server.said), parsed(server.complained)
    assert [set(line) >= {"at", "level", "event"} for line in said + complained] == [True] * len(said + complained)
    assert any("/setup/" in line.get("setup_link", "") for line in said)
    events = {line["event"] for line in complained}
    assert {"Upgrading the database ...", "Unexpected exit from worker-1", "request"} <= events
    # The watchdog's probes are no requests of anybody: only those of the test, and the first of the server.
    healthy = [line for line in complained if line.get("route") == "/healthz"]
    assert len(healthy) < 30


def test_an_error_at_the_start_is_a_line_of_json_with_its_exit_code(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(f"serve --bind {bind}", WEBAPP_LOG_JSON="true")
    (line,) = parsed(done.stderr)
    assert (done.exit_code, line["level"]) == (1, "error")
    assert line["event"].startswith(f"Another program already listens on {bind}.")


@pytest.mark.usefixtures("unbuilt")
def test_a_damaged_database_is_a_line_of_json(run, instance):
    instance.mkdir()
    (instance / "latchkey.db").write_bytes(b"\0" * 8192)
    done = run("serve", WEBAPP_LOG_JSON="true")
    (line,) = parsed(done.stderr)
    assert (done.exit_code, line["level"]) == (2, "error")


def test_a_wrong_setting_is_a_line_of_json(run):
    done = run("serve", WEBAPP_LOG_JSON="yes", WEBAPP_WORKERS="0")
    (line,) = parsed(done.stderr)
    assert (done.exit_code, line["event"]) == (2, "WEBAPP_WORKERS must be more than zero.")
