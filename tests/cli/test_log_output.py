"""What serve writes before the workers start: with WEBAPP_LOG_JSON every line is JSON. For the rest see test_serve."""

import json
import socket

import pytest

from webapp.cli import granian_server, server_process


def parsed(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.usefixtures("unbuilt")
def test_what_is_said_before_the_workers_start_is_json(run, monkeypatch):
    monkeypatch.setattr(granian_server, "refuse_taken", lambda *_: None)
    monkeypatch.setattr(server_process, "replace_this_process", lambda **_: None)
    (line,) = parsed(run("serve", WEBAPP_LOG_JSON="true").stderr)
    assert (line["event"], set(line) >= {"at", "level"}) == ("Upgrading the database ...", True)


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
