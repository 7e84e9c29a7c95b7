"""The instance folder: created once by the first process, readable by its user only."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.settings import private_files
from webapp.settings.private_files import InstanceError

__all__ = ["InstanceError", "lock", "mark_made", "prepare", "was_made"]

MARKS_FILE = "database_made"


def prepare(instance: Path) -> None:
    """Create the folder if it is missing, and close it to other users.

    Raises:
        InstanceError: it cannot be created.
    """
    private_files.make_folder(instance)


@contextmanager
def lock(instance: Path) -> Iterator[None]:
    """A lock across processes, for creating or migrating the database."""
    with private_files.locked(instance, "database"):
        yield


def mark_made(instance: Path, database: Path) -> None:
    """Record that this database was created, so that a missing file is an error and not a first start."""
    if not was_made(instance, database):
        lines = [*marks(instance), mark(instance, database)]
        private_files.write(instance / MARKS_FILE, "".join(f"{line}\n" for line in lines))


def was_made(instance: Path, database: Path) -> bool:
    return mark(instance, database) in marks(instance)


def marks(instance: Path) -> list[str]:
    path = instance / MARKS_FILE
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def mark(instance: Path, database: Path) -> str:
    # Relative, so that the instance folder can be moved.
    return os.path.relpath(database, instance)
