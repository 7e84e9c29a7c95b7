"""Statements at the driver's speed: the same rows, types and errors as with the ORM."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import ForeignKey, bindparam, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from webapp.core.db import Base, Database, Key, Name
from webapp.core.driver_statements import EntityInsert, RowChange, RowQuery

NOON = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)


class Stock(DeclarativeBase):
    type_annotation_map = Base.type_annotation_map


class Crate(Stock):
    __tablename__ = "crate"
    id: Mapped[Key]
    name: Mapped[Name] = mapped_column(unique=True)
    opened_at: Mapped[datetime | None]


class Bottle(Stock):
    __tablename__ = "bottle"
    id: Mapped[Key]
    crate_id: Mapped[UUID] = mapped_column(ForeignKey("crate.id"))


NEW_CRATE, NEW_BOTTLE = EntityInsert(Crate), EntityInsert(Bottle)
BY_NAME = RowQuery(select(Crate).where(Crate.name == bindparam("called")))
WITH_CRATE = RowQuery(select(Bottle, Crate.name, Crate.opened_at).join(Crate, Crate.id == Bottle.crate_id))
OPEN = RowChange(update(Crate).where(Crate.opened_at.is_(None)).values(opened_at=bindparam("moment")))


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/test.db")
    Stock.metadata.create_all(database.engine)
    yield database
    database.close()


def test_an_inserted_row_is_what_the_orm_reads(database):
    with database.write() as db:
        made = NEW_CRATE.into(db, id=uuid4(), name="red", opened_at=NOON)
    with database.read() as db:
        read = db.get_one(Crate, made.id)
        assert (read.name, read.opened_at) == (made.name, made.opened_at) == ("red", NOON)


def test_what_the_orm_holds_is_written_before_a_query(database):
    with database.write() as db:
        db.add(Crate(name="red"))
        found = BY_NAME.scalar(db, called="red")
        assert found is not None
        assert found.opened_at is None


def test_entities_and_columns_come_in_the_order_of_the_select(database):
    with database.write() as db:
        crate = NEW_CRATE.into(db, id=uuid4(), name="red", opened_at=NOON)
        bottle = NEW_BOTTLE.into(db, id=uuid4(), crate_id=crate.id)
        ((found, *of),) = WITH_CRATE.all(db)
        assert (found.id, found.crate_id, of) == (bottle.id, crate.id, ["red", NOON])


def test_an_entity_that_was_read_cannot_be_changed_by_mistake(database):
    with database.write() as db:
        found = NEW_CRATE.into(db, id=uuid4(), name="red")
        with pytest.raises(AttributeError):
            found.name = "blue"


def test_a_change_says_how_many_rows_it_changed(database):
    with database.write() as db:
        NEW_CRATE.into(db, id=uuid4(), name="red")
        NEW_CRATE.into(db, id=uuid4(), name="blue")
        assert [OPEN.run(db, moment=NOON), OPEN.run(db, moment=NOON)] == [2, 0]


def test_a_broken_constraint_is_the_exception_of_sqlalchemy_and_undone_by_a_savepoint(database):
    with database.write() as db:
        NEW_CRATE.into(db, id=uuid4(), name="red")
        with pytest.raises(IntegrityError), db.begin_nested():
            insert_twice(db, "blue")
    assert names(database) == {"red"}


def test_an_error_does_not_repeat_the_values(database):
    with pytest.raises(IntegrityError) as raised, database.write() as db:
        insert_twice(db, "secret")
    assert "secret" not in str(raised.value)


def test_a_transaction_that_fails_leaves_nothing(database):
    with pytest.raises(IntegrityError), database.write() as db:
        insert_twice(db, "red")
    assert names(database) == set()


def test_a_reading_transaction_cannot_write(database):
    with pytest.raises(OperationalError, match="readonly"), database.read() as db:
        NEW_CRATE.into(db, id=uuid4(), name="red")


def test_a_row_is_looked_up_outside_a_transaction(database):
    assert BY_NAME.look_up(database, called="red") is None
    with database.write() as db:
        NEW_CRATE.into(db, id=uuid4(), name="red", opened_at=NOON)
    found = BY_NAME.look_up(database, called="red")
    assert found is not None
    assert (found[0].name, found[0].opened_at) == ("red", NOON)


def insert_twice(db, name):
    for _ in range(2):
        NEW_CRATE.into(db, id=uuid4(), name=name)


def names(database):
    with database.read() as db:
        return set(db.scalars(select(Crate.name)))
