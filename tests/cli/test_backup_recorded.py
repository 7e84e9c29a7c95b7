"""db backup: when the last good one was made, for the doctor and the overview."""

import sqlite3
import threading
from contextlib import closing, contextmanager
from datetime import timedelta

import pytest
import time_machine

from tests import factories
from tests.script import Script
from webapp.core import backup_file
from webapp.core.backup import OUTDATED_AFTER
from webapp.core.clock import now
from webapp.settings import Settings


@pytest.fixture
def copy(tmp_path):
    return tmp_path / "copy"


def test_a_file_that_cannot_be_read_again_is_no_backup(run, add, copy, monkeypatch):
    add("ada")

    def damaged(*_):
        raise backup_file.InvalidBackup("It is damaged.")

    monkeypatch.setattr(backup_file, "contents", damaged)
    done = run(f"db backup {copy}")
    assert (done.exit_code, "No backup was made" in done.stderr, copy.exists()) == (1, True, False)
    assert "never backed up" in backups(run)[0]


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
        done = run(f"db backup --without-secret {copy}")
        ending.join()
    assert (done.exit_code, done.stderr) == (0, f"The backup is in {copy}. Only you can read this file.\n")
    assert backups(run)[0].startswith("ok")


def test_if_a_backup_cannot_be_recorded_the_message_says_what_to_do(run, add, instance, copy, monkeypatch):
    add("ada")
    monkeypatch.setattr("webapp.core.db.BUSY", 20)
    monkeypatch.setattr("webapp.cli.backup.RETRY_FOR", 0.1)
    with another_writer(instance):
        done = run(f"db backup --without-secret {copy}")
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"The backup is in {copy}, but that was not recorded (database is locked)" in done.stderr
    assert copy.exists()
    assert run("db backup --record-only").exit_code == 0


@pytest.mark.parametrize("command", ["db backup", "db backup x.db --made-elsewhere"])
def test_file_and_made_elsewhere_exclude_each_other(run, add, command):
    add("ada")
    assert run(command).exit_code == 2


def backups(run):
    return [line for line in run("doctor").stdout.splitlines() if " backup " in line]


def test_doctor_shows_the_age_of_the_last_backup(run, add, copy):
    add("ada", "super_admin")
    assert "never backed up" in backups(run)[0]
    run(f"db backup {copy}")
    assert backups(run)[0].startswith("ok")
    with time_machine.travel(now() + OUTDATED_AFTER + timedelta(days=1)):
        assert "8 days old" in backups(run)[0]
        run("db backup --made-elsewhere")
        assert backups(run)[0].startswith("ok")


def test_doctor_knows_the_last_backup_right_after_a_restore(run, add, copy):
    add("ada", "super_admin")
    run(f"db backup {copy}")
    made_at = now()
    with time_machine.travel(made_at + timedelta(days=3), tick=True):
        assert run(f"db restore {copy} --yes").exit_code == 0
        assert f"was made at {made_at:%Y-%m-%d}" in backups(run)[0]
    with time_machine.travel(made_at + OUTDATED_AFTER + timedelta(days=2), tick=True):
        assert "9 days old" in backups(run)[0]


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
