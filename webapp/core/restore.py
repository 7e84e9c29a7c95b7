"""Replace a SQLite database by another file, and keep the former one."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from webapp.core import backup
from webapp.core.backup import flush
from webapp.core.clock import now

LOG = ("-wal", "-shm")
COPIES = 5
"""Former databases that are kept; older ones are deleted."""


class InUse(Exception):
    """Another process has the database open."""


def merge_write_ahead_log(database: Path) -> None:
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
    former_copy = keep_former(database) if database.exists() else None
    flush(draft)
    # SQLite would apply a leftover write-ahead log to the new file.
    for ending in LOG:
        log = database.with_name(database.name + ending)
        if log.exists():
            log.rename(f"{former_copy or database}{ending}{'' if former_copy else '.former'}")
    draft.replace(database)
    flush(database.parent)
    delete_old_copies(database)
    return former_copy


def keep_former(database: Path) -> Path:
    merge_write_ahead_log(database)
    former_copy = name_for_copy(database)
    os.link(database, former_copy)
    return former_copy


def copy_before_change(database: Path) -> Path:
    """Copy a database that is about to be migrated, also while other processes have it open.

    Raises:
        OSError, sqlite3.Error, Damaged: there is no copy.
    """
    copy = name_for_copy(database)
    backup.copy(database, copy)
    delete_old_copies(database)
    return copy


def name_for_copy(database: Path) -> Path:
    return database.with_name(f"{database.name}.before-{now():%Y%m%dT%H%M%S%fZ}")


def delete_old_copies(database: Path) -> None:
    """Delete the copies but for the newest ``COPIES``, with their write-ahead logs."""
    found = [file for file in database.parent.iterdir() if file.name.startswith(f"{database.name}.before-")]
    names = sorted({file.name.removesuffix("-wal").removesuffix("-shm") for file in found})
    for file in found:
        if file.name.removesuffix("-wal").removesuffix("-shm") in names[:-COPIES]:
            file.unlink(missing_ok=True)
