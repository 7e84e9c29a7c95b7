"""Check a SQLite file for damage before anything is written to it."""

import sqlite3
from contextlib import closing
from pathlib import Path


class Damaged(Exception):
    """The database file is damaged or missing. The message is one sentence for the operator."""


def check(path: Path, *, was_made: bool = False) -> None:
    """Refuse a file that is missing although it ``was_made``, empty, or damaged. Creates no file.

    Raises:
        Damaged: nothing was changed; a backup should be restored first.
    """
    if not path.exists():
        if was_made:
            raise Damaged(f"The database {path} is missing. Restore a backup.")
        return
    if path.stat().st_size == 0:
        raise Damaged(
            f"The database {path} is empty. Restore a backup, or remove the file to start with a new database."
        )
    try:
        # mode=rw, because mode=ro could not read a write-ahead log that the last process left.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            findings = [row[0] for row in connection.execute("PRAGMA quick_check(1)").fetchall()]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise Damaged(f"The database {path} cannot be read ({error}). Restore a backup.") from error
    if findings != ["ok"]:
        raise Damaged(f"The database {path} is damaged ({' '.join(findings[0].split())}). Restore a backup.")
    if was_made and not tables:
        raise Damaged(f"The database {path} has no tables any more. Restore a backup.")


def check_thoroughly(path: Path) -> None:
    """Check every row, index and reference, before a restored database is used; ``check`` leaves indexes out.

    Raises:
        Damaged
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            findings = [row[0] for row in connection.execute("PRAGMA integrity_check(1)").fetchall()]
            dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise Damaged(f"The database {path} cannot be read ({error}).") from error
    if findings != ["ok"] or dangling:
        reason = "rows refer to missing rows" if dangling else " ".join(findings[0].split())
        raise Damaged(f"The database {path} is damaged ({reason}).")
