"""A damaged database is refused, and never taken for a new one."""

import sqlite3
from contextlib import closing

import pytest

from webapp.core.db_file import Damaged, check


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "latchkey.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE line (text TEXT)")
        connection.executemany("INSERT INTO line VALUES (?)", [("x" * 100,)] * 1000)
        connection.commit()
    return path


def test_an_intact_database_passes(path):
    check(path, was_made=True)


def test_an_intact_database_with_an_unfinished_log_passes(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO line VALUES ('more')")
        connection.commit()
        check(path, was_made=True)


def test_a_missing_new_database_is_no_damage_and_is_not_created_by_the_check(tmp_path):
    check(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_was_removed_is_refused(tmp_path):
    with pytest.raises(Damaged, match="missing"):
        check(tmp_path / "none.db", was_made=True)
    assert not (tmp_path / "none.db").exists()


def test_a_database_that_lost_its_tables_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "bare.db")) as connection:
        connection.execute("PRAGMA user_version=1")
    with pytest.raises(Damaged, match="has no tables any more"):
        check(tmp_path / "bare.db", was_made=True)


def spoil(content, start, replacement):
    return content[:start] + replacement + content[start + len(replacement) :]


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda content: b"", id="emptied"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut in half"),
        pytest.param(lambda content: content[:4096], id="cut to its first page"),
        pytest.param(lambda content: content[:50], id="cut within its header"),
        pytest.param(lambda content: bytes(len(content)), id="zeroed"),
        pytest.param(lambda content: spoil(content, 0, b"\xff"), id="its first byte flipped"),
        pytest.param(lambda content: spoil(content, 16, b"\x00\x01"), id="its page size spoilt"),
        pytest.param(lambda content: spoil(content, 4096, bytes(8192)), id="pages zeroed in its middle"),
        pytest.param(lambda content: spoil(content, 100, b"\xff" * 50), id="its schema page spoilt"),
        pytest.param(lambda content: b"PK\x03\x04 this is a text, not a database\n" * 200, id="another kind of file"),
    ],
)
def test_a_damaged_database_is_refused(path, harm):
    spoilt = harm(path.read_bytes())
    path.write_bytes(spoilt)
    with pytest.raises(Damaged, match=str(path)):
        check(path)
    assert path.read_bytes() == spoilt
