"""The current time, read in one place so that tests can set it."""

import time
from datetime import UTC, datetime

# The expiry of tokens that never expire; early enough to be shown in every time zone.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def now() -> datetime:
    return datetime.now(UTC)


def seconds() -> float:
    """Unix time. Ten times faster than ``now()``, for the code that runs on every request."""
    return time.time()
