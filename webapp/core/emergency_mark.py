"""When ``keys emergency`` was last run, in a file of the instance folder: it outlives a lost or replaced database."""

from contextlib import suppress
from datetime import datetime
from pathlib import Path

from webapp.settings import private_files

FILE = "emergency_at"


def write(instance: Path, at: datetime) -> None:
    """Record in the instance folder when ``keys emergency`` was run; the latest time counts.

    Raises:
        InstanceError
    """
    if (previous := read(instance)) is None or previous < at:
        private_files.write(instance / FILE, f"{at.isoformat()}\n")


def read(instance: Path) -> datetime | None:
    """When ``keys emergency`` was last run; None if it was not run on this machine.

    Raises:
        InstanceError
    """
    text = private_files.read(instance / FILE)
    with suppress(ValueError):
        return None if text is None else datetime.fromisoformat(text.strip())
    raise private_files.InstanceError(f"{instance / FILE} is damaged. It holds the time of the last keys emergency.")
