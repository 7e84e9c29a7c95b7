"""Archiving old events: written to a file with their chain before they are deleted."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.cli import conftest
from webapp.audit.log import Event, record
from webapp.core.db import Database

run, add = conftest.run, conftest.add


@pytest.fixture
def database(run: conftest.Run, instance: Path) -> Database:
    run("db upgrade")
    made = Database(f"sqlite:///{instance / 'latchkey.db'}")
    for year in (2024, 2024, 2025):
        with time_machine.travel(datetime(year, 6, 1, tzinfo=UTC), tick=False), made.write() as db:
            record(db, Event.LIMITS_RESET, year=year)
    yield made
    made.close()


def test_old_events_are_moved_to_the_file_and_the_rest_verifies(run, database, tmp_path):
    file = tmp_path / "old.jsonl"
    done = run(f"audit archive --before 2025-01-01 --to {file}")
    assert done.exit_code == 0, done.stderr
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(line["seq"], line["details"]["year"]) for line in lines] == [(1, 2024), (2, 2024)]
    assert done.stdout == f"2 {lines[-1]['digest']}\n"
    assert file.stat().st_mode & 0o777 == 0o600
    verified = run("audit verify")
    assert (verified.exit_code, verified.stdout.split()[0]) == (0, "4")
    assert "2 events are" in verified.stderr


def test_an_existing_file_is_not_overwritten_and_nothing_removed(run, database, tmp_path):
    file = tmp_path / "old.jsonl"
    file.write_text("mine")
    assert run(f"audit retire --before 2025-01-01 --to {file}").exit_code == 1
    assert file.read_text() == "mine"
    assert run("audit verify").stdout.split()[0] == "3"


def test_only_archived_events_can_be_removed(run, database, tmp_path):
    run(f"audit retire --before 2025-01-01 --to {tmp_path / 'old'}")
    with pytest.raises(IntegrityError), database.write() as db:
        db.execute(text("DELETE FROM audit_event WHERE seq = 3"))


def test_verify_names_the_first_missing_event(run, database):
    with database.engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_event_is_kept"))
        connection.execute(text("DELETE FROM audit_event WHERE seq = 2"))
    done = run("audit verify")
    assert (done.exit_code, done.stderr) == (
        1,
        "Event 2 was changed or removed; the 1 events before it are unchanged.\n",
    )


def test_list_and_export_find_by_user_and_event(run, add):
    add("ada")
    add("bob")
    assert " ada got an account" in run("audit list --user ada --event user.made").stdout
    assert len(run("audit list --event user.made").stdout.splitlines()) == 2
    assert run("audit export --format csv --user bob").stdout.splitlines()[1].split(",")[2] == "user.made"
    assert json.loads(run("audit export --user bob").stdout)["user"] == "bob"


def test_user_show_prints_the_account_and_its_credentials(run, add):
    add("ada", "admin")
    shown = run("user show ada").stdout
    assert "admin user" in shown
    assert "0 sessions, 0 script logins, 0 API tokens" in shown
