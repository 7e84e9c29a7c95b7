"""A database is replaced under its open connections, each of which finds the other rows."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, text

from tests import factories
from tests.database_file import ConnectionOpen, DatabaseFile, file_of
from webapp.core.db import Database
from webapp.web.registry import services_of

NAMES = "SELECT username FROM user ORDER BY username"


def by_reading(database: Database) -> list[str]:
    with database.read() as db:
        return list(db.scalars(text(NAMES)))


def by_writing(database: Database) -> list[str]:
    with database.write() as db:
        return list(db.scalars(text(NAMES)))


def by_row(database: Database) -> list[str]:
    found = database.row(f"SELECT group_concat(username) FROM ({NAMES})")
    return found[0].split(",") if found and found[0] else []


WAYS = (by_reading, by_writing, by_row)


@contextmanager
def counted(database: Database) -> Iterator[list[object]]:
    """The connections of both engines that are opened in the block."""
    opened: list[object] = []
    for engine in (database.engine, database.reading):
        event.listen(engine, "connect", lambda connection, _record: opened.append(connection))
    yield opened


def grown(app: Flask, pages: int) -> None:
    """A database that is larger by so many pages."""
    with services_of(app).get(Database).write() as db:
        db.execute(text("UPDATE user SET display_name = :text"), {"text": "x" * 4096 * pages})


def nothing(_app: Flask) -> None:
    pass


def table(app: Flask) -> None:
    with services_of(app).get(Database).write() as db:
        db.execute(text("CREATE TABLE beside (id INTEGER)"))


def same_table_twice(app: Flask) -> None:
    table(app)
    with services_of(app).get(Database).write() as db:
        db.execute(text("DROP TABLE beside"))


def vacuumed(app: Flask) -> None:
    with closing(sqlite3.connect(file_of(app).path)) as connection:
        connection.execute("VACUUM")


CHANGES: dict[str, Callable[[Flask], None]] = {
    "rows": nothing,
    "some pages": lambda app: grown(app, 5),
    "more pages than a checkpoint believes": lambda app: grown(app, 400),
    "more pages than the log is long": lambda app: grown(app, 2000),
    "another table": table,
    "a table that came and went": same_table_twice,
    "vacuum": vacuumed,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("back", [True, False], ids=["back", "and again"])
def test_each_connection_finds_the_rows_that_were_put(app: Flask, change: str, back: bool) -> None:
    database, file = services_of(app).get(Database), file_of(app)
    empty = file.content()
    factories.user(app, "ada")
    CHANGES[change](app)
    changed = file.content()
    assert [way(database) for way in WAYS] == [["ada"]] * 3
    for content, names in ((empty, []), (changed, ["ada"]), (empty, []))[: 1 if back else 3]:
        file.replace(content)
        assert (file.current(), file.is_written) == (content, False)
        assert [way(database) for way in WAYS] == [names] * 3
    factories.user(app, "grace")
    assert file.is_written
    assert [way(database) for way in WAYS] == [["grace"]] * 3
    file.close()
    with closing(sqlite3.connect(file.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_the_connections_stay_open(app: Flask) -> None:
    database, file = services_of(app).get(Database), file_of(app)
    empty = file.content()
    for way in WAYS:
        way(database)
    raw = database._reader._cursor()
    with counted(database) as opened:
        for _test in range(3):
            factories.user(app, "ada")
            file.replace(empty)
            assert [way(database) for way in WAYS] == [[]] * 3
    assert (opened, database._reader._cursor()) == ([], raw)


@pytest.mark.parametrize("statement", ["BEGIN IMMEDIATE", "BEGIN; SELECT * FROM user"])
def test_nothing_is_replaced_under_the_transaction_of_another(app: Flask, statement: str) -> None:
    file = file_of(app)
    empty = file.content()
    factories.user(app, "ada")
    with closing(sqlite3.connect(file.path, isolation_level=None)) as other:
        for part in statement.split(";"):
            other.execute(part).fetchall()
        with pytest.raises(ConnectionOpen):
            file.replace(empty)
    file.replace(empty)
    assert by_reading(services_of(app).get(Database)) == []


def test_another_file_in_its_place_is_noticed(app: Flask) -> None:
    file = file_of(app)
    empty = file.content()
    factories.user(app, "ada")
    file.close()
    shutil.copy(file.path, file.path.with_suffix(".copy"))
    DatabaseFile(app).replace(empty)
    assert file.current() == empty
    os.replace(file.path.with_suffix(".copy"), file.path)
    assert file.current() != empty
    assert by_reading(services_of(app).get(Database)) == ["ada"]
