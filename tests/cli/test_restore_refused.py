"""db restore: a file that is damaged, cut off or of another program changes nothing."""

import sqlite3
from contextlib import closing

import pytest

from tests.ports import free_port
from webapp.core import backup


@pytest.fixture(autouse=True)
def free(monkeypatch):
    monkeypatch.setenv("WEBAPP_BIND", f"127.0.0.1:{free_port()}")


@pytest.fixture
def copy(run, add, tmp_path):
    add("ada")
    file = tmp_path / "copy"
    assert run(f"db backup {file}").exit_code == 0
    return file


def users(file):
    with closing(sqlite3.connect(file)) as connection:
        return [row[0] for row in connection.execute("SELECT username FROM user ORDER BY username")]


@pytest.fixture
def plain(run, instance, tmp_path, copy):
    """A copy of the SQLite file alone, as earlier versions made it."""
    file = tmp_path / "plain.db"
    backup.copy(instance / "latchkey.db", file)
    return file


def test_a_backup_of_an_earlier_version_is_restored(run, add, instance, plain):
    add("bob")
    done = run(f"db restore {plain} --yes")
    assert done.exit_code == 0, done.stderr
    assert users(instance / "latchkey.db") == ["ada"]


def foreign(file):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE other (id)")
        connection.execute("DROP TABLE alembic_version")


def newer(file):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '2999'")


def damaged(file):
    file.write_bytes(b"SQLite format 3\0" + b"x" * 5000)


def without_an_index_entry(file):
    """What a quick check does not see: a row that was written while its index was not known."""
    index = "SELECT * FROM sqlite_master WHERE name = 'ix_rate_bucket_expires_at'"
    with closing(sqlite3.connect(file)) as connection, connection:
        row = connection.execute(index).fetchone()
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'ix_rate_bucket_expires_at'")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO rate_bucket VALUES ('x', 1, 1)")
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)


def stray(file):
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute('DELETE FROM "user"')


def cut_off(file):
    file.write_bytes(file.read_bytes()[:-40_000])


def altered(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def no_backup(file):
    file.write_bytes(b"x" * 5000)


PLAIN = [
    (foreign, "not a database of"),
    (newer, "newer"),
    (damaged, "cannot be read"),
    (without_an_index_entry, "missing from index"),
    (stray, "refer to missing rows"),
]


@pytest.mark.parametrize(("spoil", "word"), PLAIN)
def test_a_sqlite_file_that_is_no_backup_changes_nothing(run, mint, add, instance, plain, spoil, word):
    mint("ada")
    backup.copy(instance / "latchkey.db", plain.with_name("with_token.db"))
    spoil(plain.with_name("with_token.db"))
    refuse_and_change_nothing(run, add, instance, plain.with_name("with_token.db"), word)


@pytest.mark.parametrize(("spoil", "word"), [(cut_off, "damaged"), (altered, "damaged"), (no_backup, "no backup of")])
def test_a_file_that_is_no_backup_changes_nothing(run, add, instance, copy, spoil, word):
    spoil(copy)
    refuse_and_change_nothing(run, add, instance, copy, word)


def refuse_and_change_nothing(run, add, instance, file, word):
    add("bob")
    done = run(f"db restore {file} --yes")
    assert (done.exit_code != 0, word in done.stderr, done.stderr.count("\n")) == (True, True, 1), done.stderr
    assert users(instance / "latchkey.db") == ["ada", "bob"]
    assert not [path.name for path in instance.iterdir() if ".before-" in path.name or ".restore" in path.name]
