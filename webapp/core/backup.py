"""Copy a SQLite database consistently while other processes write to it."""

import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from webapp.core import db_file

# A backup older than this is reported: everything since would be lost with the database.
OUTDATED_AFTER = timedelta(days=7)
# Seconds.
LEFT_FOR = 24 * 3600


def copy(database: Path, to: Path) -> None:
    """Copy the database to a new file, which appears under its name only when it is complete.

    Raises:
        FileExistsError, OSError, sqlite3.Error: no copy was made.
        Damaged: the database is damaged; no copy was made.
    """
    # Mode 600: the database contains password hashes.
    descriptor, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    os.close(descriptor)
    draft = Path(name)
    try:
        fill(draft, database)
        db_file.check(draft)
        flush(draft)
        # Not a rename, which would replace an existing file.
        os.link(draft, to)
        flush(to.parent)
    finally:
        draft.unlink(missing_ok=True)


def fill(draft: Path, database: Path) -> None:
    with (
        closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as source,
        closing(sqlite3.connect(draft)) as target,
    ):
        source.backup(target)
        # A single file, without a write-ahead log.
        target.execute("PRAGMA journal_mode=DELETE")


def flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def delete_leftovers(folder: Path, prefix: str) -> None:
    """Delete the drafts of processes that were killed a day ago or earlier; they hold a database and a secret key."""
    for left in folder.glob(f"{prefix}*"):
        if left.is_dir() and time.time() - left.stat().st_mtime > LEFT_FOR:
            shutil.rmtree(left, ignore_errors=True)
