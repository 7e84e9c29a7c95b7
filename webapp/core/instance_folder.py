"""The instance folder: made once, whoever comes first; what lies in it is for us alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.settings import private_files
from webapp.settings.private_files import InstanceError

__all__ = ["InstanceError", "lock", "mark_made", "prepare", "was_made"]

MADE = "database_made"


def prepare(instance: Path) -> None:
    """Make the folder and its secret key, if they are not there.

    Raises:
        InstanceError: it cannot be written, or others may read its secrets.
    """
    private_files.secret_key(instance)


@contextmanager
def lock(instance: Path) -> Iterator[None]:
    """One process at a time makes or migrates the database."""
    with private_files.locked(instance, "database"):
        yield


def mark_made(instance: Path, database: Path) -> None:
    """Remember that this file was made, so that its loss is noticed and not taken for a first start."""
    if not was_made(instance, database):
        made = [*marks(instance), mark(instance, database)]
        private_files.write(instance / MADE, "".join(f"{line}\n" for line in made))


def was_made(instance: Path, database: Path) -> bool:
    return mark(instance, database) in marks(instance)


def marks(instance: Path) -> list[str]:
    path = instance / MADE
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def mark(instance: Path, database: Path) -> str:
    # Relative, so that an instance may move with all that is in it.
    return os.path.relpath(database, instance)
