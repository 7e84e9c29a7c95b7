"""db backup: a copy while others write, and when it was made."""

import sqlite3
import threading
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.script import Script
from webapp.core.backup import OLD
from webapp.core.clock import now
from webapp.settings import Settings


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy.db"


def names(file):
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT username FROM user ORDER BY username")]


def test_a_backup_is_one_complete_file_that_only_the_owner_can_read(run, add, copy):
    add("ada")
    done = run(f"db backup {copy}")
    assert (done.exit_code, done.stdout) == (0, "")
    assert names(copy) == ["ada"]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in copy.parent.iterdir() if "copy" in file.name] == ["copy.db"]


def test_a_site_can_be_served_from_a_backup(run, add, instance, copy, make_app):
    add("ada")
    run(f"db backup {copy}")
    app = make_app(WEBAPP_DATABASE_URL=f"sqlite:///{copy}")
    answer = Script(app).post("/api/auth", json={"username": "ada", "password": factories.PASSWORD})
    assert answer.status_code == 200


def test_concurrent_writes_are_in_the_backup_completely_or_not_at_all(run, add, instance, copy):
    """Each writer adds two rows in one transaction; a copy between them would hold an odd number."""
    add("ada")
    is_over = threading.Event()

    def write():
        with closing(sqlite3.connect(instance / "latchkey.db", timeout=60)) as connection:
            number = 0
            while not is_over.is_set():
                with connection:
                    for _ in range(2):
                        number += 1
                        connection.execute("INSERT INTO rate_bucket VALUES (?, 1, 1)", [f"{id(connection)}-{number}"])

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    done = run(f"db backup {copy}")
    is_over.set()
    for writer in writers:
        writer.join()
    assert done.exit_code == 0, done.stderr
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(*) % 2 FROM rate_bucket").fetchone() == (0,)


@contextmanager
def another_writer(instance):
    """A transaction that holds the write lock until the end of the block."""
    file = instance / "latchkey.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


def test_recording_a_backup_waits_longer_for_other_writers_than_a_request(run, add, instance, copy, monkeypatch):
    add("ada")
    monkeypatch.setattr("webapp.core.db.BUSY", 20)
    with another_writer(instance) as writer:
        ending = threading.Timer(0.3, writer.rollback)
        ending.start()
        done = run(f"db backup {copy}")
        ending.join()
    assert (done.exit_code, done.stderr) == (0, f"The database is in {copy}. Only you can read this file.\n")
    assert backups(run)[0].startswith("ok")


def test_if_a_backup_cannot_be_recorded_the_message_says_what_to_do(run, add, instance, copy, monkeypatch):
    add("ada")
    monkeypatch.setattr("webapp.core.db.BUSY", 20)
    monkeypatch.setattr("webapp.cli.backup.PATIENCE", 0.1)
    with another_writer(instance):
        done = run(f"db backup {copy}")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"The database is in {copy}, but that was not recorded (database is locked)" in done.stderr
    assert names(copy) == ["ada"]
    assert run("db backup --record-only").exit_code == 0


def test_an_existing_file_is_not_overwritten(run, add, copy):
    add("ada")
    copy.write_text("something dear")
    done = run(f"db backup {copy}")
    assert (done.exit_code, "already exists" in done.stderr) == (1, True)
    assert copy.read_text() == "something dear"


def test_a_missing_folder_is_an_error_message(run, add, tmp_path):
    add("ada")
    done = run(f"db backup {tmp_path}/no/such/copy.db")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("command", ["db backup", "db backup x.db --made-elsewhere"])
def test_file_and_made_elsewhere_exclude_each_other(run, add, command):
    add("ada")
    assert run(command).exit_code == 2


def test_postgresql_is_backed_up_by_its_own_tools(run, tmp_path, monkeypatch):
    monkeypatch.setattr("webapp.cli.schema.examine", lambda settings: None)
    done = run(f"db backup {tmp_path}/x", WEBAPP_DATABASE_URL="postgresql://127.0.0.1:1/latchkey")
    assert (done.exit_code, "pg_dump" in done.stderr) == (1, True)


def backups(run):
    return [line for line in run("doctor").stdout.splitlines() if " backup " in line]


def test_doctor_shows_the_age_of_the_last_backup(run, add, copy):
    add("ada", "super_admin")
    assert "never backed up" in backups(run)[0]
    run(f"db backup {copy}")
    assert backups(run)[0].startswith("ok")
    with time_machine.travel(now() + OLD + timedelta(days=1)):
        assert "8 days old" in backups(run)[0]
        run("db backup --made-elsewhere")
        assert backups(run)[0].startswith("ok")


def test_the_overview_shows_the_age_of_the_last_backup(run, add, instance, copy, make_app):
    add("ada")
    app = make_app(WEBAPP_INSTANCE=str(instance))
    script = Script(app, factories.api_token(app, factories.user(app, role="admin"), "admin:read").token)

    def said():
        found = script.get("/admin").json
        return found["backed_up_at"], [task["sentence"] for task in found["attention"] if "back" in task["sentence"]]

    at, (sentence,) = said()
    assert (at, "never" in sentence) == (None, True)
    run(f"db backup {copy}", WEBAPP_SECRET_KEY=Settings.from_env({"WEBAPP_INSTANCE": str(instance)}).secret_key)
    at, sentences = said()
    assert at is not None
    assert sentences == []
