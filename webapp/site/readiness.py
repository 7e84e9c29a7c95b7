"""Readiness: whether this process can answer requests: the database can be read and written."""

import logging
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from webapp.core.db import Unavailable
from webapp.core.translation import _l

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=5)
"""A result is given again for this long: anybody may ask, and the check writes."""
TOO_LITTLE = 1024 * 1024
"""Bytes free below which a disk counts as full. The first writes to a full disk may still fit into existing files."""
FULL = {"SQLITE_FULL", "53100"}
READ_ONLY = {"SQLITE_READONLY", "25006"}


class NotReady(NamedTuple):
    part: str
    """``database``, ``disk`` or ``limits``."""
    reason: str
    """``unreachable``, ``full``, ``read-only`` or ``failed``."""


WORDS = {
    NotReady("database", "unreachable"): _l("The database does not answer."),
    NotReady("database", "full"): _l("The database cannot be written, because its disk is full."),
    NotReady("database", "read-only"): _l("The database cannot be written, because it is read-only."),
    NotReady("database", "failed"): _l("The database cannot be written."),
    NotReady("disk", "full"): _l("The disk of the database is full."),
}

Check = Callable[[], NotReady | None]


class ReadinessResult(NamedTuple):
    failure: NotReady | None = None
    warnings: Sequence[NotReady] = ()
    """What fails and is not needed."""


class Readiness:
    """Runs the readiness checks and caches their result for ``FRESH``.

    Args:
        checks: in order; the first that fails is the result.
        optional: checks of what requests are answered without.
    """

    def __init__(self, checks: Sequence[Check], optional: Sequence[Check] = ()) -> None:
        self._checks, self._optional, self._checking = checks, optional, Lock()
        self._known: tuple[float, ReadinessResult] | None = None

    def result(self) -> ReadinessResult:
        """What is not ready, not older than ``FRESH``; older while another thread checks."""
        cached = self._known
        if cached is not None and (monotonic() < cached[0] or self._checking.locked()):
            return cached[1]
        with self._checking:
            if self._known is cached:
                self._known = monotonic() + FRESH.total_seconds(), self._check()
            return self._known[1] if self._known else ReadinessResult()

    def _check(self) -> ReadinessResult:
        found = next((found for check in self._checks if (found := check()) is not None), None)
        if found is not None:
            log.error("not ready", extra={"fields": found._asdict()})
            return ReadinessResult(found)
        return ReadinessResult(warnings=[found for check in self._optional if (found := check()) is not None])


def database_check(read: Callable[[], object], write: Callable[[], object]) -> Check:
    """Build the readiness check that reads from and writes to the database.

    Args:
        write: commits a change.
    """

    def check() -> NotReady | None:
        try:
            read()
        except (Unavailable, SQLAlchemyError):
            return NotReady("database", "unreachable")
        try:
            write()
        except (Unavailable, SQLAlchemyError) as error:
            return NotReady("database", reason_of(error))
        return None

    return check


def disk_check(folder: Path) -> Check:
    def check() -> NotReady | None:
        try:
            is_full = shutil.disk_usage(folder).free < TOO_LITTLE
        except OSError:
            return NotReady("database", "unreachable")
        return NotReady("disk", "full") if is_full else None

    return check


def limits_check(answers: Callable[[], bool]) -> Check:
    return lambda: None if answers() else NotReady("limits", "unreachable")


def reason_of(error: BaseException) -> str:
    """Why a write failed, from the code that the driver gave to its error or to one behind it."""
    behind: BaseException | None = error
    while behind is not None:
        for source in (behind, getattr(behind, "orig", None)):
            codes = {str(getattr(source, name, "")) for name in ("sqlite_errorname", "sqlstate")}
            if codes & FULL:
                return "full"
            # SQLite has several: SQLITE_READONLY_DBMOVED and others.
            if codes & READ_ONLY or any(code.startswith("SQLITE_READONLY") for code in codes):
                return "read-only"
        behind = behind.__cause__
    return "failed"
