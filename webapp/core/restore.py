"""One SQLite file in the place of another, which is kept beside."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from webapp.core.backup import flush
from webapp.core.clock import now

LOG = ("-wal", "-shm")


class InUse(Exception):
    """Another process has the database open."""


def settle(database: Path) -> None:
    """Take the write-ahead log into the file; one that is too damaged for that stays as it is.

    Raises:
        InUse: SQLite does this for the only one who has the file open, and so tells whether we are.
    """
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise InUse from error


def put(draft: Path, database: Path) -> Path | None:
    """Put a settled draft in the place of the database; at every moment one of them is there.

    Returns:
        Where the former one is kept; None where there was none.

    Raises:
        InUse, OSError: nothing was changed.
    """
    kept = keep(database) if database.exists() else None
    flush(draft)
    # A log without its file would be played into the new one.
    for ending in LOG:
        log = database.with_name(database.name + ending)
        if log.exists():
            log.rename(f"{kept or database}{ending}{'' if kept else '.former'}")
    draft.replace(database)
    flush(database.parent)
    return kept


def keep(database: Path) -> Path:
    settle(database)
    kept = database.with_name(f"{database.name}.before-{now():%Y%m%dT%H%M%S%fZ}")
    os.link(database, kept)
    return kept
