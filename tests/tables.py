"""What the database holds, for claims that nothing changed and that no secret is there."""

import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path

from flask import Flask
from sqlalchemy import text

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.core.db import Base, Database, run
from webapp.web.registry import services_of

# What every request may write: how often, and that it was refused.
OF_EVERY_REQUEST = {
    *("rate_bucket", "audit_event", "audit_head"),
    "check_count",
    *("credential_use", "credential_resource_use", "credential_network"),
}

# Of rows that only a action may change, what is counted on the way there.
COUNTED = ("last_used_at", "last_used_from", "last_used_for", "last_used_by", "idle_at", "failed_logins")


def contents(app: Flask) -> dict[str, list[str]]:
    """Every row of every table that only a action may change, but for last use and wrong tries."""
    with services_of(app).get(Database).read() as db:
        connection = db.connection()
        # As the driver returns them, because there are dozens of tables, and tests compare them after each request.
        return {
            name: sorted(repr(row) for row in run(connection, f'SELECT {columns_of(name)} FROM "{name}"'))
            for name in Base.metadata.tables
            if name not in OF_EVERY_REQUEST
        }


@cache
def columns_of(table: str) -> str:
    columns = [column.name for column in Base.metadata.tables[table].columns]
    return ", ".join(f'"{name}"' for name in columns if name not in COUNTED)


def account(app: Flask, name: str) -> User | None:
    with services_of(app).get(Database).read() as db:
        return user_queries.by_name_or_email(db, name)


def events(app: Flask, event: str | None = None) -> list[dict[str, object]]:
    """What happened, the latest last."""
    with services_of(app).get(Database).read() as db:
        rows = db.execute(text("SELECT * FROM audit_event ORDER BY at, rowid")).mappings()
        return [dict(row) for row in rows if event is None or row["event"] == event]


def everything(file: Path) -> str:
    """All that a thief of the file could read, table by table, and its pages as they lie on the disk."""
    with closing(sqlite3.connect(file)) as connection:
        dump = "\n".join(connection.iterdump())
    raw = b"".join(part.read_bytes() for part in file.parent.glob(f"{file.name}*"))
    return dump + raw.decode("latin-1")
