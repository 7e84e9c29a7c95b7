"""db backup and db restore on PostgreSQL: pg_dump, a database of its own, and a change of names."""

import json
import os
import shutil
import stat
import threading
import time
from itertools import count
from pathlib import Path

import psycopg
import pytest

from tests.ports import free_port
from webapp.cli import emergency
from webapp.cli.schema import NewerSchema
from webapp.core import postgresql_backup
from webapp.core.restore import InUse

pytestmark = pytest.mark.xdist_group("backup_on_postgresql")
numbers = count(1)


@pytest.fixture(autouse=True)
def free(monkeypatch):
    monkeypatch.setattr(emergency, "SECOND_SWEEP_AFTER", 0)
    monkeypatch.setenv("WEBAPP_BIND", f"127.0.0.1:{free_port()}")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder for the instance with which the first test begins, and for the backup of its database."""
    return tmp_path_factory.mktemp("site")


@pytest.fixture
def url(postgresql, instance, site, run, add, mint, monkeypatch):
    """A database with a user and a token, also for the commands; a copy of the one that the first test makes."""
    if not (site / "copy").exists():
        monkeypatch.setenv("WEBAPP_DATABASE_URL", postgresql("backup"))
        add("ada")
        mint("ada")
        done = run(f"db backup {site}/copy")
        assert done.exit_code == 0, done.stderr
        shutil.copytree(instance, site / "instance")
    shutil.rmtree(instance)
    shutil.copytree(site / "instance", instance)
    made = postgresql(f"backup_{next(numbers)}", "backup")
    monkeypatch.setenv("WEBAPP_DATABASE_URL", made)
    return made


@pytest.fixture
def copy(url, site, tmp_path):
    return Path(shutil.copy(site / "copy", tmp_path))


def ask(url, statement, database=None):
    with psycopg.connect(url.rpartition("/")[0] + "/" + (database or url.rpartition("/")[2]), autocommit=True) as made:
        return [row[0] for row in made.execute(statement).fetchall()]


def users(url, database=None):
    return ask(url, 'SELECT username FROM "user" ORDER BY username', database)


def databases(url):
    """Those beside it: former ones, and drafts."""
    name = url.rpartition("/")[2]
    return ask(url, f"SELECT datname FROM pg_database WHERE datname LIKE '{name}\\_%' ORDER BY datname")


def kids(run):
    return {key["kid"] for key in json.loads(run("keys list --json").stdout)}


def test_a_restore_replaces_the_database_and_keeps_the_former_one(run, add, url, copy):
    add("bob")
    done = run(f"db restore {copy} --yes")
    assert done.exit_code == 0, done.stderr
    (former,) = databases(url)
    assert former in done.stderr
    assert (users(url), users(url, former)) == (["ada"], ["ada", "bob"])
    assert json.loads(run("token list --json").stdout) == []
    assert run("audit verify").exit_code == 0
    assert run("db check").exit_code == 0
    assert "The last backup was made" in run("doctor").stdout


def test_a_site_starts_again_on_another_database(run, postgresql, copy, tmp_path):
    """Which does not exist yet, in an instance folder that does not exist yet."""
    server = os.environ["WEBAPP_DATABASE_URL"].rpartition("/")[0]
    there = {"WEBAPP_DATABASE_URL": f"{server}/elsewhere", "WEBAPP_INSTANCE": str(tmp_path / "elsewhere")}
    done = run(f"db restore {copy} --yes", **there)
    assert done.exit_code == 0, done.stderr
    assert [user["username"] for user in json.loads(run("user list --json", **there).stdout)] == ["ada"]


def test_former_databases_are_limited_in_number(run, url, copy, monkeypatch):
    monkeypatch.setattr(postgresql_backup, "COPIES", 2)
    for _ in range(4):
        assert run(f"db restore {copy} --yes").exit_code == 0
    assert len(databases(url)) == 2


def test_what_an_emergency_ended_stays_ended(run, url, copy):
    old = kids(run)
    assert run("keys emergency --yes").exit_code == 0
    new = kids(run)
    assert run(f"db restore {copy} --yes --keep-logins").exit_code == 0
    assert kids(run) == new != old
    assert json.loads(run("token list --json").stdout) == []


def test_what_a_killed_restore_has_left_is_dropped(run, url, copy):
    name = url.rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}_restore_0badcafe")
    assert run(f"db restore --check {copy}").exit_code == 0
    assert databases(url) == []


def damaged(copy, monkeypatch):
    content = bytearray(copy.read_bytes())
    content[len(content) // 2] ^= 1
    copy.write_bytes(content)


def newer(copy, monkeypatch):
    def refuse(_found):
        raise NewerSchema("2999")

    monkeypatch.setattr("webapp.cli.schema.checked_revision", refuse)


@pytest.mark.parametrize(("spoil", "word"), [(damaged, "damaged"), (newer, "newer version")])
def test_a_file_that_is_no_backup_changes_nothing(run, add, url, copy, monkeypatch, spoil, word):
    add("bob")
    with monkeypatch.context() as patched:
        spoil(copy, patched)
        done = run(f"db restore {copy} --yes")
    assert (done.exit_code != 0, word in done.stderr, done.stderr.count("\n")) == (True, True, 1), done.stderr
    assert (users(url), databases(url)) == (["ada", "bob"], [])


def test_a_database_in_use_is_not_restored(run, url, copy, monkeypatch):
    monkeypatch.setattr(postgresql_backup, "DISCONNECTED_WITHIN", 0)
    with psycopg.connect(url):
        done = run(f"db restore {copy} --yes")
    assert (done.exit_code, "Stop it first" in done.stderr, databases(url)) == (1, True, [])


def test_a_program_that_disconnects_now_is_waited_for(run, url, copy):
    connected = psycopg.connect(url)
    threading.Timer(0.5, connected.close).start()
    done = run(f"db restore {copy} --yes")
    assert done.exit_code == 0, done.stderr


def test_others_are_seen_without_the_right_to_read_statistics(url, monkeypatch):
    monkeypatch.setattr(postgresql_backup, "DISCONNECTED_WITHIN", 0)
    limited = f"limited_{next(numbers)}"
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {limited} LOGIN")
        with pytest.raises(InUse):
            postgresql_backup.refuse_used(url.replace("app@", f"{limited}@"))


def test_a_program_that_connects_at_the_last_moment_changes_nothing(run, url, copy, monkeypatch):
    monkeypatch.setattr(postgresql_backup, "refuse_used", lambda _: None)
    with psycopg.connect(url):
        done = run(f"db restore {copy} --yes")
    assert (done.exit_code, "Stop it first" in done.stderr, databases(url)) == (1, True, []), done.stderr


def test_a_backup_of_another_kind_of_database_is_refused(run, url, copy, tmp_path):
    done = run(f"db restore {copy} --yes", WEBAPP_DATABASE_URL=f"sqlite:///{tmp_path}/x.db")
    assert (done.exit_code, "is one of PostgreSQL" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("command", ["db backup {}.new", "db restore {} --yes"])
def test_without_the_programs_of_postgresql_one_sentence_says_so(run, copy, monkeypatch, command):
    monkeypatch.setattr(postgresql_backup.shutil, "which", lambda _: None)
    done = run(command.format(copy))
    assert (done.exit_code, "is not installed here" in done.stderr, done.stderr.count("\n")) == (1, True, 1)


def test_without_the_right_to_create_databases_one_sentence_says_so(run, url, copy):
    with psycopg.connect(url) as connection:
        connection.execute("CREATE ROLE small LOGIN")
    done = run(f"db restore {copy} --yes", WEBAPP_DATABASE_URL=url.replace("app@", "small@"))
    assert (done.exit_code, "CREATEDB" in done.stderr, done.stderr.count("\n")) == (1, True, 1), done.stderr


def test_the_password_is_no_argument_of_pg_dump(url, tmp_path, monkeypatch):
    """Other users of the machine see the arguments of every process."""
    script = tmp_path / "pg_dump"
    script.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\necho "$PGPASSWORD" > {tmp_path}/password\n')
    script.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    postgresql_backup.dump("postgresql://app:s3cret@127.0.0.1:1/x?sslmode=disable", tmp_path / "dump")
    assert "s3cret" not in (tmp_path / "arguments").read_text()
    assert (tmp_path / "password").read_text() == "s3cret\n"


def test_a_dump_is_consistent_while_others_write(run, url, copy, tmp_path):
    """Each writer adds two rows in one transaction."""
    is_over = threading.Event()

    def write():
        with psycopg.connect(url) as connection:
            number = 0
            while not is_over.is_set():
                for _ in range(2):
                    number += 1
                    connection.execute("INSERT INTO rate_bucket VALUES (%s, 1, 1)", [f"{id(connection)}-{number}"])
                connection.commit()

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    time.sleep(0.2)
    done = run(f"db backup {tmp_path}/later")
    is_over.set()
    for writer in writers:
        writer.join()
    assert done.exit_code == 0, done.stderr
    assert run(f"db restore {tmp_path}/later --yes").exit_code == 0
    (count,) = ask(url, "SELECT count(*) FROM rate_bucket")
    assert (count > 0, count % 2) == (True, 0)
