"""The schema of the database: brought up to date under a lock, compared with the models."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from webapp.kernel import db_file, instance
from webapp.kernel.db import Base, engine_for
from webapp.settings import Settings

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"


class NewerSchema(Exception):
    """The database was made by a newer version than this one."""


def script() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def config(connection: Any = None) -> Config:
    made = Config()
    made.set_main_option("script_location", str(MIGRATIONS))
    made.set_main_option("path_separator", "os")
    made.attributes["connection"] = connection
    return made


def file_of(settings: Settings) -> Path | None:
    """The SQLite file; None for another database."""
    url = make_url(settings.database)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def examine(settings: Settings) -> None:
    """Refuse a damaged database rather than begin an empty one in its place.

    Raises:
        Damaged
    """
    if (file := file_of(settings)) is not None:
        db_file.check(file, was_made=instance.was_made(settings.instance, file))


def current(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(settings: Settings) -> str | None:
    """Bring the schema to this version, once for all processes that start together.

    Returns:
        The version it had before.

    Raises:
        Damaged, NewerSchema
    """
    instance.prepare(settings.instance)
    with instance.lock(settings.instance):
        examine(settings)
        engine = engine_for(settings.database)
        try:
            former = current(engine)
            if former is not None and former not in {revision.revision for revision in script().walk_revisions()}:
                raise NewerSchema(former)
            with engine.begin() as connection:
                command.upgrade(config(connection), "head")
        finally:
            engine.dispose()
        if (file := file_of(settings)) is not None:
            instance.mark_made(settings.instance, file)
    return former


def downgrade(settings: Settings, revision: str) -> None:
    engine = engine_for(settings.database)
    with engine.begin() as connection:
        command.downgrade(config(connection), revision)
    engine.dispose()


def differences(engine: Engine) -> list[Any]:
    """What the models say otherwise than the database."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Base.metadata))


def head() -> str | None:
    return script().get_current_head()
