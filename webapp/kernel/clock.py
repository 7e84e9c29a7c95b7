"""The only question about the time."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
