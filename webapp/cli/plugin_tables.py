"""Tables of plug-ins: Alembic revisions beside a blueprint, with a version table of their own in the same database."""

import re
from argparse import Namespace
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint
from sqlalchemy import Connection, Engine

from webapp.cli import schema
from webapp.cli.errors import CommandRefused
from webapp.core.db import engine_for
from webapp.core.lazy_import import lazily
from webapp.settings import Settings

FOLDER = "migrations"


@dataclass(frozen=True, slots=True)
class PluginTables:
    """The tables of one plug-in."""

    name: str
    """Name of its blueprint."""
    folder: Path
    """Holds the revisions, in files as Alembic writes them."""
    module: str
    """Has ``Base``, whose metadata are its tables."""

    @property
    def version_table(self) -> str:
        return f"alembic_version_{re.sub(r'[^a-z0-9]', '_', self.name.lower())}"


def tables_of(blueprint: Blueprint) -> PluginTables:
    """``migrations/`` and ``models.py`` beside the module of the blueprint, whether they exist or not."""
    package = blueprint.import_name.rpartition(".")[0]
    module = f"{package}.models" if package else "models"
    return PluginTables(blueprint.name, Path(blueprint.root_path) / FOLDER, module)


def plugins(settings: Settings) -> list[Blueprint]:
    """The blueprints of WEBAPP_BLUEPRINTS."""
    if not settings.blueprints:
        return []
    found: list[Blueprint] = lazily("webapp.app.plugins").load_blueprints(settings.blueprints)
    return found


def upgrade(
    settings: Settings, blueprints: Iterable[Blueprint], *, on_migrate: Callable[[], None] = lambda: None
) -> None:
    """Run the revisions of each blueprint that has any; after ``schema.upgrade``, with the same lock.

    Args:
        on_migrate: called before the revisions of a blueprint; not called if there is none to run.
    """
    for found in filter(lambda tables: tables.folder.is_dir(), map(tables_of, blueprints)):
        with schema.disposed(engine_for(settings.database)) as engine:
            if not is_behind(engine, found):
                continue
            on_migrate()
            with schema.migrating(engine) as connection:
                command.upgrade(config(connection, found), "head")


def is_behind(engine: Engine, tables: PluginTables) -> bool:
    with engine.connect() as connection:
        heads = ScriptDirectory.from_config(config(connection, tables)).get_heads()
        options = {"version_table": tables.version_table}
        return set(MigrationContext.configure(connection, opts=options).get_current_heads()) != set(heads)


def write_revision(settings: Settings, blueprint: Blueprint, message: str) -> Path:
    """Write the difference between the models of a plug-in and the database as a new revision.

    Raises:
        CommandRefused: there is no ``models.py`` with ``Base``.
    """
    tables = tables_of(blueprint)
    try:
        metadata = import_module(tables.module).Base.metadata
    except (ImportError, AttributeError) as error:
        raise CommandRefused(f"{tables.module} must have a class Base with the tables: {error}.") from error
    tables.folder.mkdir(exist_ok=True)
    with schema.disposed(engine_for(settings.database)) as engine, engine.connect() as connection:
        revision: Any = command.revision(config(connection, tables, metadata), message, autogenerate=True)
    return Path(revision.path)


def config(connection: Connection, tables: PluginTables, metadata: Any = None) -> Config:
    alembic_config = schema.config(connection)
    # Otherwise Alembic prints a line of its own beside the path.
    alembic_config.cmd_opts = Namespace(quiet=True)
    alembic_config.set_main_option("version_locations", str(tables.folder))
    alembic_config.attributes["plugin"] = {"version_table": tables.version_table, "target_metadata": metadata}
    return alembic_config
