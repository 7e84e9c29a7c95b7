"""``make migration``: the file that it writes, its name, and that it runs."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Column, ForeignKey, Table, Uuid

from webapp.cli import new_migration, schema
from webapp.core.db import Base, Instant, Span, engine_for

VERSIONS = schema.MIGRATIONS / "versions"


@pytest.fixture
def migrations(tmp_path, monkeypatch):
    """A copy of the migrations, to write into."""
    copy = shutil.copytree(schema.MIGRATIONS, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(schema, "MIGRATIONS", copy)
    schema.script.cache_clear()
    yield copy
    schema.script.cache_clear()


@pytest.fixture
def note():
    """A table that only the models know."""
    columns = (
        Column("id", Uuid, primary_key=True),
        Column("user_id", ForeignKey("user.id")),
        Column("at", Instant),
    )
    made = Table("note", Base.metadata, *columns, Column("kept", Span))
    yield made
    Base.metadata.remove(made)


def test_a_migration_for_changed_models_is_written_and_runs(migrations, note, tmp_path):
    head = schema.head()
    file = new_migration.write("Add notes, kept for a while", date(2040, 1, 2))
    assert file == migrations / "versions" / "20400102_add_notes_kept_for_a_while.py"
    text = file.read_text()
    assert text.startswith('"""Add notes kept for a while."""')
    assert f"down_revision = {head!r}" in text
    schema.script.cache_clear()
    assert schema.head() == "20400102_add_notes_kept_for_a_wh"
    with schema.disposed(engine_for(f"sqlite:///{tmp_path / 'trial.db'}")) as engine:
        with schema.migrating(engine) as connection:
            command.upgrade(schema.config(connection), "head")
        assert schema.differences(engine) == []
        with schema.migrating(engine) as connection:
            command.downgrade(schema.config(connection), head)
        assert [what for what, *_ in schema.differences(engine)] == ["add_table"]


def test_migration_files_sort_in_the_order_in_which_they_run(migrations):
    file = new_migration.write("nothing", date(2020, 1, 1))
    assert sorted(path.name for path in (migrations / "versions").glob("*.py"))[-1] == file.name
    assert file.read_text().count("    pass\n") == 2


def test_a_migration_without_a_name_is_refused(migrations):
    with pytest.raises(ValueError, match="NAME="):
        new_migration.write(" - ", date(2040, 1, 2))


def test_there_is_one_list_of_models():
    """Every package with tables is found, by whoever asks for the metadata."""
    webapp = Path(schema.MIGRATIONS).parent
    packages = {path.parent.name for path in (*webapp.glob("*/models.py"), *webapp.glob("*/models"))}
    assert {mapper.class_.__module__.split(".")[1] for mapper in Base.registry.mappers} == packages
