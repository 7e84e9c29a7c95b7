"""Replace a SQLite database by another file, and keep the former one."""

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
    """Merge the write-ahead log into the file; a file too damaged for that stays as it is.

    Raises:
        InUse: SQLite allows this only to a single connection, so it also shows whether the file is in use.
    """
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            raise InUse from error


def replace(draft: Path, database: Path) -> Path | None:
    """Replace the database by a settled draft, without a moment in which neither exists.

    Returns:
        Path of the former database; None if there was none.

    Raises:
        InUse, OSError: nothing was changed.
    """
    kept = keep_former(database) if database.exists() else None
    flush(draft)
    # SQLite would apply a leftover write-ahead log to the new file.
    for ending in LOG:
        log = database.with_name(database.name + ending)
        if log.exists():
            log.rename(f"{kept or database}{ending}{'' if kept else '.former'}")
    draft.replace(database)
    flush(database.parent)
    return kept


def keep_former(database: Path) -> Path:
    settle(database)
    kept = database.with_name(f"{database.name}.before-{now():%Y%m%dT%H%M%S%fZ}")
    os.link(database, kept)
    return kept
