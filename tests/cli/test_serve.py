"""serve, as it really runs: processes, signals, files."""

import re
import socket
import time

import pytest

from tests.cli.serving import serving, start


@pytest.mark.usefixtures("unbuilt")
def test_serve_prints_a_setup_link_answers_and_stops_in_time(instance):
    with serving(start(instance, WEBAPP_WORKERS="2")) as (server,):
        assert server.open("/healthz").json() == {"status": "ok"}
        # It says so right after its own first request.
        said = "".join(server.process.stdout.readline() for _ in range(3))
        assert server.stop() == 0
    assert re.search(rf"within 30 minutes:\n  {re.escape(server.url)}/setup/\S+\n", said), said
    # granian says so where it had to kill what did not stop in time.
    assert server.complained == "Upgrading the database ...\n"


@pytest.mark.usefixtures("unbuilt")
def test_two_starts_at_once_run_one_migration_and_create_one_set_of_keys(instance):
    with serving(*(start(instance) for _ in range(2))) as servers:
        sets = [server.open("/.well-known/jwks.json").json()["keys"] for server in servers]
        assert sets[0] == sets[1]
        assert [server.stop() for server in servers] == [0, 0]
    said = "".join(server.complained for server in servers).splitlines()
    assert said == ["Upgrading the database ..."]


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
