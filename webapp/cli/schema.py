"""The database schema: migrated under a lock, and compared with the models."""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url

from webapp.cli import base_url_notes
from webapp.cli.errors import Unusable
from webapp.core import db_file, instance_folder, key_setup
from webapp.core.db import Database, engine_for, outages, read_only
from webapp.core.db_file import Damaged
from webapp.migrations.all_models import metadata
from webapp.settings import Settings

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"

NONE_YET = "There is no database yet. The first start creates it, or: python -m webapp db upgrade"

# Any number, as long as all of our processes lock the same one.
POSTGRESQL_LOCK = "SELECT pg_advisory_xact_lock(7101203)"


class NewerSchema(Unusable):
    """The database was created by a newer version than this one."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"The database was created by a newer version of Latchkey ({version}). Run that one, or restore a backup."
        )


@cache
def script() -> ScriptDirectory:
    """The migrations, read once, because those of a running program do not change."""
    return ScriptDirectory(str(MIGRATIONS))


def head() -> str | None:
    return script().get_current_head()


def config(connection: Connection) -> Config:
    alembic_config = Config()
    alembic_config.set_main_option("script_location", str(MIGRATIONS))
    alembic_config.set_main_option("path_separator", "os")
    alembic_config.attributes["connection"] = connection
    return alembic_config


def file_of(settings: Settings) -> Path | None:
    """The SQLite file; None for another database."""
    url = make_url(settings.database)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def examine(settings: Settings) -> None:
    """Refuse a damaged database instead of creating an empty one in its place.

    Raises:
        Damaged: it is damaged, or cannot be written.
    """
    if (file := file_of(settings)) is not None:
        db_file.check(file, was_made=instance_folder.was_made(settings.instance, file))
        for path in (file, file.parent):
            if path.exists() and not os.access(path, os.W_OK):
                raise Damaged(f"{path} must be writable by the user that runs this program.")


def version(settings: Settings) -> str | None:
    """The version of the database; None if there is no database. Creates none.

    Raises:
        NewerSchema, Unavailable
    """
    if (file := file_of(settings)) is not None and not file.exists():
        return None
    with disposed(engine_for(settings.database)) as engine, outages():
        return checked_revision(current(engine))


def current(engine: Engine) -> str | None:
    # Every command reads the version, and a command that only reads should not wait for a writer.
    with disposed(read_only(engine)) as reading, reading.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def checked_revision(found: str | None) -> str | None:
    if found is not None and found not in {revision.revision for revision in script().walk_revisions()}:
        raise NewerSchema(found)
    return found


def upgrade(settings: Settings, *, on_migrate: Callable[[str | None], None] = lambda _former: None) -> str | None:
    """Upgrade the schema to the current version, once for all processes that start together.

    Args:
        on_migrate: called with the former version before the first migration; not called if there is none to run.

    Returns:
        The version it had before.

    Raises:
        Damaged, NewerSchema, OtherSecretKey, Unavailable
    """
    instance_folder.prepare(settings.instance)
    with instance_folder.lock(settings.instance):
        examine(settings)
        with disposed(engine_for(settings.database)) as engine, outages():
            former = checked_revision(current(engine))
            if former != head():
                on_migrate(former)
                with migrating(engine) as connection:
                    command.upgrade(config(connection), "head")
                base_url_notes.fill_missing_base_url(settings)
        if (file := file_of(settings)) is not None:
            instance_folder.mark_made(settings.instance, file)
        set_up_keys(settings)
    return former


def set_up_keys(settings: Settings) -> None:
    """See ``key_setup.set_up_keys``; the database has the current version."""
    database = Database(settings.database)
    try:
        key_setup.set_up_keys(settings, database)
    finally:
        database.close()


def downgrade(settings: Settings, revision: str) -> None:
    with disposed(engine_for(settings.database)) as engine, migrating(engine) as connection:
        command.downgrade(config(connection), revision)


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """A connection with one transaction for all migrations: after a crash in the middle, nothing has changed."""
    with engine.connect() as connection:
        is_sqlite = engine.dialect.name == "sqlite"
        if is_sqlite:
            # SQLite alters a table by copying it. Dropping the old one would delete the rows that refer to it.
            # Set on the driver's connection before the transaction, because SQLite ignores it within one.
            driver: Any = connection.connection.dbapi_connection
            driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not is_sqlite:
                # The lock in the instance folder covers one machine; another may be migrating the same database.
                connection.exec_driver_sql(POSTGRESQL_LOCK)
            yield connection
            if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise Damaged("The migration would leave rows that refer to missing rows. It was rolled back.")


@contextmanager
def disposed(engine: Engine) -> Iterator[Engine]:
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def without_expression_indexes() -> Iterator[None]:
    """No warning that SQLAlchemy and Alembic read no indexes of expressions on SQLite; on PostgreSQL they do."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".* expression-based index")
        yield


def differences(engine: Engine) -> list[Any]:
    """Differences between the models and the database, as Alembic reports them."""
    with engine.connect() as connection, without_expression_indexes():
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, metadata))
