"""The hash chain of the audit log: changes are detected, and refused by the database."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.audit.unchained_log import relink
from tests.tables import contents
from webapp.accounts import lifecycle as closing_accounts
from webapp.audit import chain, export_formats
from webapp.audit.log import Event, record
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of


@pytest.fixture
def written(database: Database) -> Database:
    for number in range(5):
        with database.write() as db:
            record(db, Event.LIMITS_RESET, number=number)
    return database


def verdict(database: Database) -> chain.ChainVerdict:
    with database.read() as db:
        return chain.verify(db)


def tamper(instance: Path, statement: str) -> None:
    """As somebody does who has the file and drops what is in the way."""
    with closing(sqlite3.connect(instance / "latchkey.db")) as file:
        names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")]
        for name in names:
            file.execute(f"DROP TRIGGER {name}")
        file.execute(statement)
        file.commit()


def test_an_unchanged_chain_verifies(written):
    assert (verdict(written).events, verdict(written).broken_at) == (5, None)


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        pytest.param("UPDATE audit_event SET details = '{\"number\": 9}' WHERE seq = 3", 3, id="a detail is changed"),
        pytest.param("UPDATE audit_event SET at = at + 1 WHERE seq = 1", 1, id="a time is changed"),
        pytest.param("UPDATE audit_event SET address = '10.0.0.1' WHERE seq = 5", 5, id="an address is put in"),
        pytest.param("DELETE FROM audit_event WHERE seq = 2", 2, id="one is removed"),
        pytest.param("DELETE FROM audit_event WHERE seq = 1", 1, id="the first is removed"),
        pytest.param("DELETE FROM audit_event WHERE seq = 5", 5, id="the last is removed"),
        pytest.param("DELETE FROM audit_event", 1, id="all are removed"),
        pytest.param("UPDATE audit_head SET seq = 4", 5, id="the head is set back"),
        pytest.param(
            "UPDATE audit_head SET (seq, digest) = (SELECT seq, digest FROM audit_event WHERE seq = 4)",
            5,
            id="the head is set back with its digest",
        ),
    ],
)
def test_a_modified_event_is_detected(written, instance, statement, seq):
    tamper(instance, statement)
    assert verdict(written).broken_at in (seq, seq - 1) if "head" in statement else verdict(written).broken_at == seq


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET event = 'x' WHERE seq = 3",
        "DELETE FROM audit_event WHERE seq = 3",
        "DELETE FROM audit_event",
        "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event WHERE seq = 3",
        "INSERT INTO audit_event (id, seq, digest, at, event, details) VALUES ('0', 2, x'00', 0, 'x', '{}')",
        "UPDATE audit_head SET seq = 2",
        "UPDATE audit_head SET sealed_seq = 5",
        "UPDATE audit_head SET sealed_seq = 5, sealed_digest = zeroblob(32)",
        "UPDATE audit_head SET sealed_digest = zeroblob(31)",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head VALUES (2, 0, zeroblob(32), 0, zeroblob(32))",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_event(written, statement):
    with pytest.raises(IntegrityError), written.write() as db:
        db.execute(text(statement))
    assert verdict(written).broken_at is None


def test_a_rolled_back_event_leaves_no_gap(written):
    def fail() -> None:
        with written.write() as db:
            record(db, Event.LIMITS_RESET)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with written.write() as db:
        record(db, Event.LIMITS_RESET)
    assert (verdict(written).events, verdict(written).last, verdict(written).broken_at) == (6, 6, None)


def test_simultaneous_writers_make_one_chain(database):
    def write(_: int) -> None:
        with database.write() as db:
            record(db, Event.LIMITS_RESET)
            record(db, Event.LIMITS_RESET)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    assert (verdict(database).events, verdict(database).broken_at) == (40, None)


def test_an_action_whose_event_cannot_be_written_is_rolled_back(app: Flask, database, instance, user):
    before = contents(app)
    tamper(instance, "CREATE TRIGGER full BEFORE INSERT ON audit_event BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(IntegrityError):
        factories.api_token(app, user, name="unwritten")
    assert contents(app) == before


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_csv_export_has_no_formula(text):
    assert export_formats.without_formula(text) == "'" + text


def test_a_log_from_before_the_chain_is_linked(app, written, instance):
    gone = factories.user(app)
    with written.write() as db:
        closing_accounts.delete(db, db.merge(gone))
    relink(app, services_of(app).get(Settings))


def test_new_events_continue_a_linked_log(app, written):
    relink(app, services_of(app).get(Settings))
    with written.write() as db:
        record(db, Event.LIMITS_RESET, number=6)
    assert (verdict(written).events, verdict(written).broken_at) == (6, None)
