"""The database as it must be opened, and one row at the driver's speed."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ForeignKey, MetaData, bindparam, event, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, StatementError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.core.db import Base, Database, Key, Name, Unavailable

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)

ADD_FIFTY = """
import sys
from sqlalchemy import text
from webapp.core.db import Database
database = Database(sys.argv[1])
for _ in range(50):
    with database.write() as session:
        count = session.execute(text("SELECT count FROM tally")).scalar_one()
        session.execute(text("UPDATE tally SET count = :count"), {"count": count + 1})
database.close()
"""


# Tables of this file alone, with what real ones have: they must not be seen by those who look at Base's.
class Own(DeclarativeBase):
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    type_annotation_map = Base.type_annotation_map


class Shelf(Own):
    __tablename__ = "shelf"
    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    made_at: Mapped[datetime]
    sold_at: Mapped[datetime | None]


class Book(Own):
    __tablename__ = "book"
    id: Mapped[Key]
    shelf_id: Mapped[UUID] = mapped_column(ForeignKey("shelf.id"))


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Own.metadata.create_all(database.engine)
    yield database
    database.close()


def add_shelf(database, name="first", made_at=NOON):
    with database.write() as session:
        session.add(shelf := Shelf(name=name, made_at=made_at))
    return shelf


def names(database):
    with database.read() as session:
        return set(session.scalars(select(Shelf.name)))


def test_no_update_is_lost_when_four_processes_read_and_then_write(tmp_path):
    url = f"sqlite:///{tmp_path}/tally.db"
    database = Database(url)
    with database.write() as session:
        session.execute(text("CREATE TABLE tally (count INTEGER)"))
        session.execute(text("INSERT INTO tally VALUES (0)"))
    children = [subprocess.Popen([sys.executable, "-W", "error", "-c", ADD_FIFTY, url], cwd=ROOT) for _ in range(4)]
    assert [child.wait() for child in children] == [0, 0, 0, 0]
    assert database.row("SELECT count FROM tally") == (200,)
    database.close()


def test_a_write_is_committed_at_the_end_of_the_block(database):
    add_shelf(database)
    assert names(database) == {"first"}


def fail_after_writing(database, savepoint_for=()):
    with database.write() as session:
        for name in savepoint_for:
            with pytest.raises(IntegrityError), session.begin_nested():
                session.add(Shelf(name=name, made_at=NOON))
        session.add(Shelf(name="first", made_at=NOON))
        session.flush()
        raise ZeroDivisionError


def test_an_exception_rolls_everything_back(database):
    with pytest.raises(ZeroDivisionError):
        fail_after_writing(database)
    assert names(database) == set()


def test_a_rolled_back_savepoint_keeps_the_rest_of_the_transaction(database):
    add_shelf(database, "taken")
    with pytest.raises(ZeroDivisionError):
        fail_after_writing(database, savepoint_for=["taken"])
    assert names(database) == {"taken"}


def test_a_reading_transaction_cannot_write(database):
    with pytest.raises(OperationalError, match="readonly"), database.read() as session:
        session.execute(text("DELETE FROM shelf"))
    add_shelf(database)
    assert names(database) == {"first"}


def test_a_reader_does_not_wait_for_a_writer(database):
    with database.write() as session:
        session.add(Shelf(name="first", made_at=NOON))
        session.flush()
        assert names(database) == set()
        assert database.row("SELECT count(*) FROM shelf") == (0,)


def test_foreign_keys_are_enforced(database):
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Book(shelf_id=uuid4()))


def test_constraints_have_names_that_a_migration_can_use():
    assert {constraint.name for constraint in Shelf.__table__.constraints} == {"pk_shelf", "uq_shelf_name"}
    assert {constraint.name for constraint in Book.__table__.constraints} == {"pk_book", "fk_book_shelf_id_shelf"}


def test_an_instant_is_read_as_written_whatever_its_time_zone(database):
    there = NOON.astimezone(timezone(timedelta(hours=-7)))
    shelf = add_shelf(database, made_at=there)
    with database.read() as session:
        assert session.get_one(Shelf, shelf.id).made_at == NOON
        assert session.get_one(Shelf, shelf.id).made_at.tzinfo is UTC


def test_instants_are_compared_by_the_database(database):
    add_shelf(database)
    with database.read() as session:
        assert session.scalar(select(Shelf.name).where(Shelf.made_at <= NOON)) == "first"
        assert session.scalar(select(Shelf.name).where(Shelf.made_at < NOON)) is None


def test_a_datetime_without_time_zone_is_refused(database):
    with pytest.raises(StatementError, match="time zone"):
        add_shelf(database, made_at=NOON.replace(tzinfo=None))


def test_a_compiled_select_is_run_by_the_driver(database):
    shelf = add_shelf(database)
    wanted = select(Shelf.id, Shelf.made_at, Shelf.sold_at).where(
        Shelf.made_at <= bindparam("now"), Shelf.id == bindparam("id"), Shelf.name == "first"
    )
    statement = database.compile_for(wanted)
    row = database.row(statement.sql, statement.bind(id=shelf.id, now=NOON))
    assert row is not None
    assert statement.convert(row) == [shelf.id, NOON, None]
    assert database.row(statement.sql, statement.bind(id=uuid4(), now=NOON)) is None


def test_a_missing_parameter_is_an_error(database):
    statement = database.compile_for(select(Shelf.id).where(Shelf.name == bindparam("name")))
    with pytest.raises(KeyError):
        statement.bind()


def test_a_database_locked_for_too_long_is_unavailable(database, tmp_path):
    # Five seconds of patience are too many for a test.
    database.engine.dispose()
    event.listen(database.engine, "connect", lambda driver, _: driver.execute("PRAGMA busy_timeout=50"))
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            add_shelf(database)


def test_a_database_whose_folder_was_removed_is_unavailable(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/nowhere/test.db")
    with pytest.raises(Unavailable):
        database.row("SELECT 1")
    with pytest.raises(Unavailable), database.read() as session:
        session.execute(text("SELECT 1"))
    database.close()
