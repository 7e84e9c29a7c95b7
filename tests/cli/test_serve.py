"""serve, as it really runs: processes, signals, files."""

import os
import re
import signal
import socket
import time
from dataclasses import dataclass
from json import loads

import pytest

from tests.cli.serving import Server, serving, start
from tests.cli.shared_servers import workers_of


@dataclass
class Started:
    """Two servers that were started at once, in a new instance folder, and have stopped."""

    plain: Server
    json: Server
    """Its worker was killed, and replaced."""
    keys: list[list[dict[str, str]]]
    codes: list[int]


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    new = tmp_path_factory.mktemp("new") / "instance"
    as_json = {"WEBAPP_LOG_JSON": "true", "WEBAPP_ACCESS_LOG": "true"}
    with serving(start(new), start(new, **as_json)) as (plain, json):
        keys = [server.open("/.well-known/jwks.json").json()["keys"] for server in (plain, json)]
        json.open("/protected?private=1")
        (worker,) = workers_of(json)
        os.kill(worker, signal.SIGKILL)
        json.eventually(lambda: "Unexpected exit" in json.complained and set(workers_of(json)) - {worker})
        json.ready()
        return Started(plain, json, keys, [plain.stop(), json.stop()])


def parsed(text):
    return [loads(line) for line in text.splitlines()]


@pytest.mark.xdist_group("two_starts")
def test_serve_prints_a_setup_link_and_stops_in_time(started):
    link = rf"within 30 minutes:\n  {re.escape(started.plain.url)}/setup/\S+\n"
    assert re.search(link, started.plain.said), started.plain.said
    # granian says so where it had to kill what did not stop in time.
    assert (started.codes, started.plain.complained in ("", "Upgrading the database ...\n")) == ([0, 0], True)


@pytest.mark.xdist_group("two_starts")
def test_two_starts_at_once_run_one_migration_and_create_one_set_of_keys(started):
    assert started.keys[0] == started.keys[1] != []
    events = started.plain.complained.splitlines() + [line["event"] for line in parsed(started.json.complained)]
    assert events.count("Upgrading the database ...") == 1


@pytest.mark.xdist_group("two_starts")
def test_every_line_of_a_server_is_json_also_those_of_granian(started):
    said, complained = parsed(started.json.said), parsed(started.json.complained)
    assert [set(line) >= {"at", "level", "event"} for line in said + complained] == [True] * len(said + complained)
    assert any("/setup/" in line.get("setup_link", "") for line in said)
    assert {"Unexpected exit from worker-1", "request"} <= {line["event"] for line in complained}
    # The watchdog's probes are no requests of anybody: only those of the test, and the first of the server.
    assert len([line for line in complained if line.get("route") == "/healthz"]) < 30


def test_a_port_in_use_is_one_message(run):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = run(f"serve --bind {bind}")
    expected = f"Another program already listens on {bind}. Stop it, or choose another port with --bind.\n"
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", expected)


def test_serve_is_the_default_command(run):
    done = run("", WEBAPP_WORKERS="0")
    assert (done.exit_code, done.stderr) == (2, "WEBAPP_WORKERS must be more than zero.\n")


def test_a_missing_identity_provider_stops_the_start(run):
    done = run("serve", WEBAPP_IDENTITY_PROVIDER="nowhere.at:all")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "WEBAPP_IDENTITY_PROVIDER names nowhere.at:all, which cannot be imported" in done.stderr


@pytest.mark.usefixtures("unbuilt")
def test_a_damaged_database_stops_the_start(run, instance):
    instance.mkdir()
    (instance / "latchkey.db").write_bytes(b"\0" * 8192)
    done = run("serve")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def statuses(server, token):
    """Each on a connection of its own, so that both workers are asked."""
    return {server.open("/protected", token).status_code for _ in range(12)}


@pytest.mark.xdist_group("two_workers")
def test_commands_apply_to_the_next_request_in_every_worker(run, add, mint, two_workers):
    server, its = two_workers, two_workers.settings
    add("bob", **its)
    first, first_id = mint("bob", "first", **its)
    assert statuses(server, first) == {200}

    run("keys rotate --signs-after 2s", **its)
    time.sleep(2)
    second, _ = mint("bob", "second", **its)
    assert statuses(server, first) == statuses(server, second) == {200}

    run(f"token revoke {first_id}", **its)
    assert (statuses(server, first), statuses(server, second)) == ({401}, {200})

    run("user disable bob", **its)
    assert statuses(server, second) == {401}


def test_a_view_without_a_rule_stops_the_start_with_one_sentence(run, tmp_path, monkeypatch):
    view = "bp.add_url_rule('/loose', 'in', lambda: 'in')"
    (tmp_path / "loose.py").write_text(f"from flask import Blueprint\nbp = Blueprint('loose', __name__)\n{view}\n")
    monkeypatch.syspath_prepend(tmp_path)
    done = run("serve", WEBAPP_BLUEPRINTS="loose:bp")
    assert (done.exit_code, "running at" in done.stdout) == (2, False)
    assert "has a view without an access rule: loose.in" in done.stderr
    assert "Traceback" not in done.stderr
