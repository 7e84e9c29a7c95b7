"""One row at the driver's speed, on a connection of one's own."""

import os
import sqlite3
import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from webapp.core.db import Database


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/test.db")
    with database.write() as session:
        session.execute(text("CREATE TABLE shelf (name TEXT)"))
    yield database
    database.close()


def add(database, name="first"):
    with database.write() as session:
        session.execute(text("INSERT INTO shelf VALUES (:name)"), {"name": name})


def test_the_row_is_never_older_than_the_last_commit(database):
    for number in range(5):
        add(database, f"number {number}")
        assert database.row("SELECT count(*) FROM shelf") == (number + 1,)


def test_the_raw_connection_cannot_write(database):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.row("DELETE FROM shelf")


def test_each_thread_has_its_own_connection(database):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(database.row("SELECT 1"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(1,)] * 4


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_opens_its_own_connections(database):
    add(database)
    assert database.row("SELECT name FROM shelf") == ("first",)
    if (child := os.fork()) == 0:
        add(database, "second")
        os._exit(0 if database.row("SELECT count(*) FROM shelf") == (2,) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert database.row("SELECT count(*) FROM shelf") == (2,)


def test_a_programming_error_is_not_reported_as_an_outage(database):
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.row("SELECT 1 FROM nowhere")
    with pytest.raises(OperationalError, match="no such table"), database.read() as session:
        session.execute(text("SELECT 1 FROM nowhere"))
