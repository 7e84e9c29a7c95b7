"""serve, as it really runs: processes, signals, files."""

import re
import socket
import subprocess
import sys
import time

import pytest

from tests.cli.serving import ROOT, bare_environ, serving, start


@pytest.mark.usefixtures("unbuilt")
def test_serve_prints_a_setup_link_answers_and_stops_in_time(instance):
    with serving(start(instance)) as (server,):
        assert server.open("/healthz").json() == {"status": "ok"}
        assert server.stop() == 0
    link = re.search(rf"within 30 minutes:\n  ({re.escape(server.url)}/setup/\S+)\n", server.said)
    assert link, server.said
    # granian says so where it had to kill what did not stop in time.
    assert server.complained == "Upgrading the database ...\n"


@pytest.mark.usefixtures("unbuilt")
def test_two_starts_at_once_run_one_migration_and_create_one_set_of_keys(instance):
    with serving(*(start(instance, WEBAPP_WORKERS="1") for _ in range(2))) as servers:
        sets = [server.open("/.well-known/jwks.json").json()["keys"] for server in servers]
        assert sets[0] == sets[1]
        assert [server.stop() for server in servers] == [0, 0]
    said = "".join(server.complained for server in servers).splitlines()
    assert said == ["Upgrading the database ..."]


def test_a_port_in_use_is_one_message(instance):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        done = serve(instance, "--bind", bind)
    expected = f"Another program already listens on {bind}. Stop it, or choose another port with --bind.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


def test_serve_is_the_default_command(instance):
    done = run_alone(WEBAPP_INSTANCE=str(instance), WEBAPP_WORKERS="0")
    assert (done.returncode, done.stderr) == (2, "WEBAPP_WORKERS must be more than zero.\n")


def test_a_missing_identity_provider_stops_the_start(instance):
    done = run_alone(WEBAPP_INSTANCE=str(instance), WEBAPP_IDENTITY_PROVIDER="nowhere.at:all")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "WEBAPP_IDENTITY_PROVIDER names nowhere.at:all, which cannot be imported" in done.stderr


@pytest.mark.usefixtures("unbuilt")
def test_a_damaged_database_stops_the_start(instance):
    instance.mkdir()
    (instance / "latchkey.db").write_bytes(b"\0" * 8192)
    done = serve(instance)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.fixture
def server(instance, add, monkeypatch):
    add("ada", "super_admin")
    add("bob")
    with serving(start(instance)) as (server,):
        monkeypatch.setenv("WEBAPP_BIND", server.settings["WEBAPP_BIND"])
        yield server


def statuses(server, token):
    """Each on a connection of its own, so that both workers are asked."""
    return {server.open("/protected", token).status_code for _ in range(12)}


def test_commands_apply_to_the_next_request_in_every_worker(run, mint, server):
    first, first_id = mint("bob", "first")
    assert statuses(server, first) == {200}

    run("keys rotate --signs-after 2s")
    time.sleep(2)
    second, _ = mint("bob", "second")
    assert statuses(server, first) == statuses(server, second) == {200}

    run(f"token revoke {first_id}")
    assert (statuses(server, first), statuses(server, second)) == ({401}, {200})

    run("user disable bob")
    assert statuses(server, second) == {401}


def serve(instance, *options):
    return run_alone("serve", *options, WEBAPP_INSTANCE=str(instance))


def run_alone(*words, **settings):
    command = [sys.executable, "-m", "webapp", *words]
    return subprocess.run(command, cwd=ROOT, env=bare_environ() | settings, capture_output=True, text=True, timeout=60)


def test_a_view_without_a_rule_stops_the_start_with_one_sentence(instance, tmp_path):
    view = "bp.add_url_rule('/loose', 'in', lambda: 'in')"
    (tmp_path / "loose.py").write_text(f"from flask import Blueprint\nbp = Blueprint('loose', __name__)\n{view}\n")
    server = start(instance, WEBAPP_BLUEPRINTS="loose:bp", PYTHONPATH=str(tmp_path))
    server.process.wait(60)
    assert server.stop() == 2
    assert "running at" not in server.said
    assert "has a view without an access rule: loose.in" in server.complained
    assert "Traceback" not in server.complained
