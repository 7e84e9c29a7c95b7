"""db: the version and the health of the database."""

import sqlite3
from contextlib import closing

import pytest

from webapp.cli import schema


def forge_version(instance, version):
    with closing(sqlite3.connect(instance / "latchkey.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])


@pytest.mark.usefixtures("unbuilt")
def test_upgrading_prints_the_version_and_can_be_repeated(run):
    first, second = run("db upgrade"), run("db upgrade")
    assert first.stdout == second.stdout == f"{schema.head()}\n"
    assert "already" in second.stderr


def test_an_intact_database_of_this_version_passes(run):
    run("db upgrade")
    assert run("db check").exit_code == 0


def test_a_read_only_command_waits_for_no_writer(run, add, instance):
    add("ada")
    with closing(sqlite3.connect(instance / "latchkey.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        done = run("user list")
    assert (done.exit_code, "ada" in done.stdout) == (0, True), done.stderr


@pytest.mark.usefixtures("unbuilt")
def test_a_missing_database_does_not_pass_and_is_not_created(run, instance):
    assert run("db check").exit_code == 1
    assert not (instance / "latchkey.db").exists()


@pytest.mark.parametrize("command", ["serve", "db upgrade", "db check", "user list"])
def test_a_database_of_a_newer_version_is_refused(run, instance, command):
    run("db upgrade")
    forge_version(instance, "29991231")
    done = run(command)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "newer version of Latchkey (29991231)" in done.stderr


@pytest.mark.parametrize("command", ["serve", "db upgrade", "user list"])
def test_a_lost_database_is_not_created_again(run, instance, command):
    run("db upgrade")
    (instance / "latchkey.db").unlink()
    done = run(command)
    assert done.exit_code == 2
    assert "is missing. Restore a backup." in done.stderr
    assert not (instance / "latchkey.db").exists()


@pytest.mark.parametrize("command", ["serve", "db upgrade", "db check"])
def test_a_damaged_database_is_refused_with_one_message(run, instance, command):
    run("db upgrade")
    (instance / "latchkey.db").write_bytes(b"\0" * 8192)
    done = run(command)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "Restore a backup" in done.stderr


@pytest.mark.usefixtures("unbuilt")
def test_the_migrations_match_the_models_and_run_up_and_down(run, instance):
    assert run("db check --models").exit_code == 0
    assert not (instance / "latchkey.db").exists()


def test_differences_of_migrations_and_models_are_reported(run, monkeypatch):
    monkeypatch.setattr(schema, "differences", lambda _: [("remove_table", "forgotten")])
    done = run("db check --models")
    assert done.exit_code == 1
    assert "forgotten" in done.stderr
