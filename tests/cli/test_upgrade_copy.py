"""A SQLite database is copied before it is migrated, by serve and by db upgrade."""

import sqlite3
from contextlib import closing

import pytest

from webapp.cli import granian_server, schema, server_process
from webapp.core import restore
from webapp.settings import Settings

FORMER = schema.script().get_revision(schema.head()).down_revision


@pytest.fixture
def former(run, add, instance):
    """A site of the version before this one."""
    add("ada")
    schema.downgrade(Settings.from_env({"WEBAPP_INSTANCE": str(instance)}), FORMER)
    return instance / "latchkey.db"


def copies(instance):
    return sorted(file for file in instance.iterdir() if ".before-" in file.name)


def version(file):
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def test_db_upgrade_copies_the_former_database_first(run, instance, former):
    done = run("db upgrade")
    (copy,) = copies(instance)
    assert (done.exit_code, version(copy), version(former)) == (0, FORMER, schema.head())
    assert done.stderr == f"Upgrading the database ...\nA copy of it is kept: {copy}\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    run("db upgrade")
    assert copies(instance) == [copy]


def test_serve_copies_the_former_database_first(run, instance, former, monkeypatch):
    """Before it starts its workers."""
    monkeypatch.setattr(granian_server, "refuse_taken", lambda *_: None)
    versions = []
    monkeypatch.setattr(server_process, "replace_this_process", lambda **_: versions.append(version(former)))
    done = run("serve")
    (copy,) = copies(instance)
    assert (version(copy), versions) == (FORMER, [schema.head()])
    assert done.stderr == f"Upgrading the database ...\nA copy of it is kept: {copy}\n"


def test_without_room_for_the_copy_nothing_is_migrated(run, instance, former, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restore.backup, "copy", full)
    done = run("db upgrade")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "No space left on device. It was not upgraded." in done.stderr
    assert (version(former), copies(instance)) == (FORMER, [])


def test_copies_are_limited_in_number(run, instance, former):
    content = former.read_bytes()
    for _ in range(restore.COPIES + 2):
        former.write_bytes(content)
        assert run("db upgrade").stderr.count("A copy of it is kept") == 1
    assert len(copies(instance)) == restore.COPIES


@pytest.mark.usefixtures("unbuilt")
def test_a_new_database_needs_no_copy(run, instance):
    assert run("db upgrade").stderr == "Upgrading the database ...\n"
    assert copies(instance) == []


def test_the_former_version_is_restored_from_the_copy(run, add, instance, former):
    """The way back: the former program reads the copy as any backup. Here this one does, and upgrades it."""
    run("db upgrade")
    add("bea")
    (copy,) = copies(instance)
    assert run(f"db restore {copy} --yes").exit_code == 0
    with closing(sqlite3.connect(former)) as connection:
        assert connection.execute("SELECT username FROM user").fetchall() == [("ada",)]


REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {name!r}, {former!r}
def upgrade():
    op.create_table({name!r}, sa.Column("id", sa.Integer(), primary_key=True))
"""


@pytest.mark.parametrize("is_first", [True, False])
def test_migrations_of_a_blueprint_are_preceded_by_a_copy_too(run, instance, tmp_path, monkeypatch, is_first):
    tower = tmp_path / f"tower{is_first}"
    (tower / "migrations").mkdir(parents=True)
    (tower / "views.py").write_text('from flask import Blueprint\nbp = Blueprint("tower", __name__)\n')
    (tower / "__init__.py").write_text("")
    (tower / "migrations" / "bell.py").write_text(REVISION.format(name="bell", former=None))
    monkeypatch.syspath_prepend(tmp_path)
    settings = {"WEBAPP_BLUEPRINTS": f"{tower.name}.views:bp"}
    if not is_first:
        run("db upgrade", **settings)
        (tower / "migrations" / "roof.py").write_text(REVISION.format(name="roof", former="bell"))
    before = copies(instance)
    assert run("db upgrade", **settings).exit_code == 0
    (copy,) = set(copies(instance)) - set(before)
    with closing(sqlite3.connect(copy)) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert names & {"bell", "roof"} == (set() if is_first else {"bell"})
    run("db upgrade", **settings)
    assert len(copies(instance)) == len(before) + 1
