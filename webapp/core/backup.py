"""A copy of a SQLite file as it is at one moment, while others go on writing."""

import os
import sqlite3
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from webapp.core import db_file

# Whoever loses the database loses as much as this.
OLD = timedelta(days=7)


def copy(database: Path, to: Path) -> None:
    """Under its name only when it is whole, and never in the place of another.

    Raises:
        FileExistsError, OSError, sqlite3.Error: there is no copy.
        Damaged: nor is there one where the original cannot be trusted.
    """
    # Made for us alone (mode 600): there are digests of passwords in it.
    descriptor, name = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
    os.close(descriptor)
    draft = Path(name)
    try:
        fill(draft, database)
        db_file.check(draft)
        flush(draft)
        # Not a rename: that would replace what is there.
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
        # One file, without a write-ahead log beside it.
        target.execute("PRAGMA journal_mode=DELETE")


def flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
