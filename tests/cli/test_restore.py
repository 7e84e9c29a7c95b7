"""db restore: replaces the database by a backup, without what was revoked since."""

import socket
import sqlite3
from contextlib import closing

import pytest

from webapp.core.restore import COPIES


@pytest.fixture
def copy(run, add, tmp_path):
    add("ada")
    file = tmp_path / "copy.db"
    assert run(f"db backup {file}").exit_code == 0
    return file


@pytest.fixture(autouse=True)
def free(monkeypatch):
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        bind = f"127.0.0.1:{probe.getsockname()[1]}"
    monkeypatch.setenv("WEBAPP_BIND", bind)
    return bind


def ask(file, statement):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()


def users(file):
    return [row[0] for row in ask(file, "SELECT username FROM user ORDER BY username")]


def formers(instance):
    return [file for file in instance.iterdir() if ".before-" in file.name]


def test_a_restore_replaces_the_database_and_keeps_the_former_one(run, add, instance, copy):
    add("bob")
    done = run(f"db restore {copy} --yes")
    assert done.exit_code == 0, done.stderr
    (former,) = formers(instance)
    assert (users(instance / "latchkey.db"), users(former)) == (["ada"], ["ada", "bob"])
    assert (instance / "latchkey.db").stat().st_mode & 0o777 == 0o600
    assert run("db check").exit_code == 0
    assert "database.restored" in run("audit list").stdout
    assert run("audit verify").exit_code == 0


@pytest.mark.parametrize(
    ("option", "count"),
    [("", 0), ("--revoke-issued-before 2020-01-01", 1), ("--keep-logins", 1)],
)
def test_credentials_revoked_since_stay_revoked_by_default(run, add, mint, instance, tmp_path, option, count):
    add("ada")
    _, token_id = mint("ada")
    file = tmp_path / "copy.db"
    run(f"db backup {file}")
    run(f"token revoke {token_id}")
    done = run(f"db restore {file} {option} --yes")
    assert done.exit_code == 0, done.stderr
    live = ask(instance / "latchkey.db", "SELECT count(*) FROM credential WHERE revoked_at IS NULL")
    assert live == [(count,)]


WAITING = (
    "SELECT count(*) FROM link WHERE used_at IS NULL",
    "SELECT count(*) FROM invitation WHERE revoked_at IS NULL AND uses < most_uses",
    "SELECT count(*) FROM factor_reset",
    "SELECT count(*) FROM outgoing_mail WHERE due_at IS NOT NULL",
    "SELECT count(*) FROM oauth_registration_token",
    "SELECT count(*) FROM oauth_device_code",
)


@pytest.fixture
def with_pending_links(run, add, instance, tmp_path):
    """A backup with one of each that waits to be used."""
    add("ada")
    assert run("user reset-link ada").exit_code == 0
    assert run("invite bob").exit_code == 0
    assert run("client registration-token add").exit_code == 0
    assert run("client add Wiki --redirect-uri https://wiki.example.org/cb").exit_code == 0
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection, connection:
        connection.execute(
            "INSERT INTO factor_reset (id, user_id, reason, created_at, due_at)"
            " SELECT hex(zeroblob(16)), user_id, '', created_at, expires_at FROM link"
        )
        connection.execute(
            "INSERT INTO outgoing_mail (id, kind, 'to', created_at, due_at, tries)"
            " SELECT hex(zeroblob(16)), '', 'ada@example.org', created_at, created_at, 0 FROM link"
        )
        connection.execute(
            "INSERT INTO oauth_device_code (digest, user_code, client_id, scopes, resources, created_at, expires_at,"
            " interval) SELECT digest, '', (SELECT id FROM oauth_client), '[]', '[]', created_at, expires_at, 1"
            " FROM link"
        )
    file = tmp_path / "copy.db"
    run(f"db backup {file}")
    return file


@pytest.mark.parametrize(("option", "count"), [("", 0), ("--revoke-issued-before 2020-01-01", 1), ("--keep-logins", 1)])
def test_pending_links_of_the_backup_are_void(run, instance, with_pending_links, option, count):
    done = run(f"db restore {with_pending_links} {option} --yes")
    assert done.exit_code == 0, done.stderr
    for query in WAITING:
        assert ask(instance / "latchkey.db", query) == [(count,)], query
    if not option:
        assert "1 app login and 1 factor reset and 1 invitation and 1 mailed link" in done.stderr
        assert "1 registration token" in done.stderr
        assert "may have been sent already" in run("mail list --failed").stdout


def test_a_lost_database_is_restored_without_its_old_wal(run, instance, copy):
    (instance / "latchkey.db").unlink()
    (instance / "latchkey.db-wal").write_bytes(b"a log")
    done = run(f"db restore {copy} --yes")
    assert done.exit_code == 0, done.stderr
    assert users(instance / "latchkey.db") == ["ada"]


def test_a_damaged_database_is_kept_too(run, instance, copy):
    (instance / "latchkey.db").write_bytes(b"no database at all" * 100)
    done = run(f"db restore {copy} --yes")
    assert done.exit_code == 0, done.stderr
    assert formers(instance)[0].read_bytes().startswith(b"no database at all")
    assert users(instance / "latchkey.db") == ["ada"]


@pytest.mark.parametrize(("typed", "left"), [("yes\n", ["ada", "bob"]), ("restore\n", ["ada"])])
def test_a_restore_needs_a_confirmation(run, add, instance, copy, typed, left):
    add("bob")
    done = run(f"db restore {copy}", typed=typed)
    assert (users(instance / "latchkey.db"), done.exit_code) == (left, 0 if left == ["ada"] else 1)


def test_a_check_proves_a_backup_and_changes_nothing_also_while_the_server_runs(run, add, instance, copy, free):
    add("bob")
    host, port = free.split(":")
    with socket.create_server((host, int(port))):
        done = run(f"db restore --check {copy}")
        assert (done.exit_code, "can be restored" in done.stderr) == (0, True), done.stderr
        copy.write_bytes(copy.read_bytes()[:-40_000])
        assert run(f"db restore --check {copy}").exit_code == 1
    assert (users(instance / "latchkey.db"), formers(instance)) == (["ada", "bob"], [])


def test_former_databases_are_limited_in_number(run, instance, copy):
    for _ in range(COPIES + 2):
        assert run(f"db restore {copy} --yes").exit_code == 0
    assert len(formers(instance)) == COPIES


def test_a_running_site_is_not_restored(run, instance, copy, free):
    host, port = free.split(":")
    with socket.create_server((host, int(port))):
        done = run(f"db restore {copy} --yes")
    assert (done.exit_code, "Stop it first" in done.stderr, formers(instance)) == (1, True, [])


def test_a_database_open_in_another_program_is_not_restored(run, instance, copy):
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("SELECT count(*) FROM user").fetchone()
        done = run(f"db restore {copy} --yes")
    assert (done.exit_code, "Stop it first" in done.stderr, formers(instance)) == (1, True, [])


def test_made_elsewhere_only_revokes(run, mint, instance, copy):
    mint("ada")
    done = run("db restore --already-restored")
    assert (done.exit_code, "1 token" in done.stderr) == (0, True), done.stderr
    assert ask(instance / "latchkey.db", "SELECT count(*) FROM credential WHERE revoked_at IS NULL") == [(0,)]
    assert run("db restore").exit_code == 2
    assert run("db restore --made-elsewhere --revoke-issued-before never").exit_code == 2
