"""Watchdog: replaces a worker that is stopped or hangs, by the file in which each writes its heartbeats."""

import logging
import os
import signal
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

log = logging.getLogger("_granian")

FOLDER = "LATCHKEY_HEARTBEATS"
"""Environment variable of a worker: the folder for its heartbeat file, which is named for its process ID."""
INTERVAL = 1.0
# A worker imports and builds the application before it can answer.
STARTING = timedelta(minutes=2)
INSTANT = struct.Struct("d")
STOPPED = 3
"""Consecutive checks, one per ``INTERVAL``, that find a worker stopped by a signal before it is replaced."""


class Watchdog(threading.Thread):
    """Kills a worker that is stopped by a signal, or whose last heartbeat is older than ``timeout``.

    The server then starts another in its place.

    Args:
        workers: process ID of each worker and when it was started, by ``time.monotonic()``.
    """

    def __init__(self, folder: Path, timeout: timedelta, workers: Callable[[], Iterable[tuple[int, float]]]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.folder, self.timeout, self.workers = folder, timeout.total_seconds(), workers
        self.suspects: set[int] = set()
        self.stopped: Counter[int] = Counter()

    def run(self) -> None:
        while True:
            time.sleep(INTERVAL)
            self.check(time.monotonic())

    def check(self, now: float) -> None:
        # Counted in checks, because none is made while the server itself is stopped, as by Ctrl-Z.
        self.stopped = Counter({pid: self.stopped[pid] + 1 for pid, _ in self.workers() if is_stopped(pid)})
        for pid in [pid for pid, checks in self.stopped.items() if checks == STOPPED]:
            log.error("Replacing worker %d: it was stopped by a signal", pid)
            kill(pid)
        silent = {pid for pid, started in self.workers() if self.is_silent(pid, started, now)}
        # Only if found twice in a row: after all processes were suspended together, the workers get another chance.
        for pid in silent & self.suspects:
            log.error("Replacing worker %d: it has answered no health probe for %d seconds", pid, self.timeout)
            kill(pid)
        self.suspects = silent - self.suspects

    def is_silent(self, pid: int, started: float, now: float) -> bool:
        last = self.last_heartbeat(pid)
        if last is None:
            return now - started > max(self.timeout, STARTING.total_seconds())
        return now - last > self.timeout

    def last_heartbeat(self, pid: int) -> float | None:
        try:
            noted = (self.folder / str(pid)).read_bytes()
        except FileNotFoundError:
            return None
        return float(INSTANT.unpack(noted)[0]) if len(noted) == INSTANT.size else None


def is_stopped(pid: int) -> bool:
    """Whether a signal such as SIGSTOP, not a debugger, has stopped it (proc(5)); False on systems without /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    # The state follows the name of the program, which may contain any characters.
    return stat.rpartition(")")[2].split()[:1] == ["T"]


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        log.info("worker %d has ended by itself", pid)
