"""readable(): the settings to check an instance folder that cannot be written, such as a copy kept as evidence."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from webapp.cli import schema
from webapp.settings import Settings

# The write-ahead log holds the latest changes; its index is rebuilt.
PARTS = ("", "-wal")


@contextmanager
def readable(settings: Settings) -> Iterator[Settings]:
    """The same settings if their SQLite file can be written, else with a copy of it that is deleted afterwards.

    SQLite creates files beside a database even to read it, and nothing of evidence should change.
    """
    file = schema.file_of(settings)
    if file is None or not file.exists() or is_writable(file):
        yield settings
        return
    with TemporaryDirectory(prefix="latchkey-") as folder:
        for part in PARTS:
            if (found := file.with_name(file.name + part)).exists():
                copy = Path(folder) / ("latchkey.db" + part)
                shutil.copyfile(found, copy)
                copy.chmod(0o600)
        yield replace(settings, database_url=f"sqlite:///{folder}/latchkey.db")


def is_writable(file: Path) -> bool:
    return all(os.access(path, os.W_OK) for path in (file, file.parent))
