"""The database and key files of an earlier version, recorded from that version itself, with people and tokens in it.

``recorded/first_version.json`` is of the first version with migrations (0.1.0): its commands created two users and
their tokens, a script logged in, and one user was disabled. ``recorded/second_factors.json`` is the same site some
versions later: Ada has an authenticator app and recovery codes. Its keys and passwords are used nowhere else.
"""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import command

from webapp.cli import schema
from webapp.core.db import engine_for

FOLDER = Path(__file__).resolve().parent / "recorded"
CONVERT: dict[type, Callable[[Any], Any]] = {
    sa.Uuid: lambda value: UUID(value),
    sa.LargeBinary: lambda value: bytes.fromhex(value["hex"]),
    sa.JSON: lambda value: json.loads(value),
    sa.Boolean: lambda value: bool(value),
    sa.Date: lambda value: date.fromisoformat(value),
}


def load(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return found


def lay_down(site: dict[str, Any], instance: Path, url: str) -> None:
    """Make the instance folder and the database as that version had left them."""
    instance.mkdir(mode=0o700)
    for name, text in site["files"].items():
        (instance / name).write_text(text)
        (instance / name).chmod(0o600)
    engine = engine_for(url)
    with schema.migrating(engine) as connection:
        command.upgrade(schema.config(connection), site["revision"])
    metadata = sa.MetaData()
    metadata.reflect(engine)
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            rows = [converted(table, row) for row in site["tables"].get(table.name, ())]
            if table.name == "audit_head":
                continue
            if rows:
                connection.execute(table.delete())
                connection.execute(table.insert(), rows)
        # Its triggers let it only go on, and refuse events up to where it stands.
        for row in site["tables"].get("audit_head", ()):
            table = metadata.tables["audit_head"]
            connection.execute(table.update().values(**converted(table, row)))
    engine.dispose()


def converted(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of SQLite as the types of this database take it."""
    return {name: value if value is None else of_type(table.c[name].type)(value) for name, value in row.items()}


def of_type(kind: sa.types.TypeEngine[Any]) -> Callable[[Any], Any]:
    return next((convert for known, convert in CONVERT.items() if isinstance(kind, known)), lambda value: value)
