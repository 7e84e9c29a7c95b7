"""The migrations run once in a test run; each further empty SQLite database gets what they have made.

Any other database is migrated by Alembic: one of a former version, of a plug-in, or of PostgreSQL.
"""

import sqlite3
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from webapp.cli import schema

Upgrade = Callable[[Config, str], None]
TRANSACTION = "BEGIN TRANSACTION;", "COMMIT;"


def commands() -> Any:
    """What ``webapp.cli.schema`` calls of Alembic's commands."""
    return SimpleNamespace(upgrade=once(command.upgrade), downgrade=command.downgrade)


def once(upgrade: Upgrade) -> Upgrade:
    made: dict[tuple[str | None, str | None], list[str]] = {}

    def upgrade_or_copy(config: Config, revision: str) -> None:
        connection: Connection = config.attributes["connection"]
        if connection.dialect.name != "sqlite" or revision != "head" or statements(connection):
            upgrade(config, revision)
            return
        # Tests put migrations of their own beside ours, in another folder.
        known_by = config.get_main_option("script_location"), schema.head()
        if known_by not in made:
            upgrade(config, revision)
            made[known_by] = statements(connection)
            return
        for statement in made[known_by]:
            driver(connection).execute(statement)

    return upgrade_or_copy


def statements(connection: Connection) -> list[str]:
    """Those that make the tables with their rows; none for an empty database."""
    return [statement for statement in driver(connection).iterdump() if statement not in TRANSACTION]


def driver(connection: Connection) -> sqlite3.Connection:
    return cast(sqlite3.Connection, connection.connection.driver_connection)
