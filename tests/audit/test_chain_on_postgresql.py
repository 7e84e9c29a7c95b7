"""On PostgreSQL, where each statement reads what is committed by then: the chain is verified while others write."""

from datetime import timedelta
from itertools import count

import pytest

from webapp.audit import chain
from webapp.audit.archive import archive_events
from webapp.audit.log import Event, record
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.core.clock import now
from webapp.core.db import Database

numbers = count(1)


@pytest.fixture(scope="module")
def migrated_database(postgresql, tmp_path_factory):
    """The name of one, to be copied."""
    folder = str(tmp_path_factory.mktemp("audit") / "instance")
    settings = CommandContext({"WEBAPP_INSTANCE": folder, "WEBAPP_DATABASE_URL": postgresql("audit")}).settings
    schema.upgrade(settings)
    return "audit"


@pytest.fixture
def database(postgresql, migrated_database):
    database = Database(postgresql(f"audit_{next(numbers)}", migrated_database))
    for _ in range(3):
        append(database)
    yield database
    database.close()


def append(database):
    with database.write() as db:
        record(db, Event.LIMITS_RESET)


def archive(database):
    with database.write() as db:
        archive_events(db, before=now() + timedelta(days=1), write=list, file="events.jsonl")


def after(monkeypatch, name, change):
    """Let others change something, once, right after ``chain`` has done this."""
    done = getattr(chain, name)

    def then_change(*args, **options):
        found = done(*args, **options)
        monkeypatch.setattr(chain, name, done)
        change()
        return found

    monkeypatch.setattr(chain, name, then_change)


def broken_at(database):
    with database.read() as db:
        return chain.verify(db).broken_at


@pytest.mark.parametrize("change", [append, archive])
@pytest.mark.parametrize("name", ["head_of", "verdict_on"])
def test_a_change_while_the_chain_is_verified_does_not_break_it(database, monkeypatch, change, name):
    after(monkeypatch, name, lambda: change(database))
    assert broken_at(database) is None
    assert broken_at(database) is None


@pytest.mark.parametrize("change", [append, archive])
def test_a_changed_event_is_found_while_others_write(database, monkeypatch, change):
    changed = "UPDATE audit_event SET address = '10.0.0.1' WHERE seq = (SELECT max(seq) FROM audit_event)"
    with database.write() as db:
        for statement in ("ALTER TABLE audit_event DISABLE TRIGGER USER", changed):
            db.connection().exec_driver_sql(statement)
    append(database)
    after(monkeypatch, "verdict_on", lambda: change(database))
    assert broken_at(database) is not None
