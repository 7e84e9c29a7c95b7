"""Copies of an instance folder, each for a site of its own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MEMORY = Path("/dev/shm")


@contextmanager
def copied(migrated: Path) -> Iterator[Path]:
    """In memory where that is to be had: every commit waits for the disk, as it must, and there are thousands."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(shutil.copytree(migrated, Path(folder) / "instance"))
