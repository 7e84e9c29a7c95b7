"""Watchdog: replaces a worker that is stopped or answers no health probe; each probes itself and notes its answers."""

import asyncio
import logging
import os
import signal
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from flask import Flask
from werkzeug.test import create_environ

from webapp.web.wsgi_environ import StartResponse

log = logging.getLogger("_granian")

FOLDER = "LATCHKEY_HEARTBEATS"
"""In the environment of a worker: where it notes its heartbeat, in a file named for its process id."""
INTERVAL = 1.0
# A worker imports and builds the application before it can answer.
STARTING = timedelta(minutes=2)
INSTANT = struct.Struct("d")
STOPPED = 3
"""Looks, one each ``INTERVAL``, at which a worker is found stopped by a signal before it is replaced."""


class NotHealthy(Exception):
    """The application answered its own health probe with something else than 200."""


def probe(app: Flask) -> None:
    """Ask the application for ``/healthz``, without a socket.

    Raises:
        NotHealthy
    """
    start = StartResponse()
    body = app.wsgi_app(create_environ("/healthz", app.config["BASE_URL"]), start)
    b"".join(body)
    if start.status != 200:
        raise NotHealthy(start.status)


async def beat(folder: Path, app: Flask, progress: Callable[[], int | None]) -> None:
    """Note the time after each health probe that is answered while requests are worked on.

    The probe has a thread of its own, so that a worker with a long queue is not taken for one that hangs.

    Args:
        progress: a number that changes whenever a request is finished; None while a thread is free.
    """
    loop = asyncio.get_running_loop()
    with (folder / str(os.getpid())).open("wb", buffering=0) as file, ThreadPoolExecutor(1, "probe") as pool:
        before = None
        while True:
            await loop.run_in_executor(pool, probe, app)
            now = progress()
            if now is None or now != before:
                os.pwrite(file.fileno(), INSTANT.pack(time.monotonic()), 0)
            before = now
            await asyncio.sleep(INTERVAL)


class Watchdog(threading.Thread):
    """Kills a worker that is stopped by a signal, or whose last heartbeat is older than ``timeout``; the server starts
    another in its place.

    Args:
        workers: process id of each worker and when it was started, by ``time.monotonic()``.
    """

    def __init__(self, folder: Path, timeout: timedelta, workers: Callable[[], Iterable[tuple[int, float]]]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.folder, self.timeout, self.workers = folder, timeout.total_seconds(), workers
        self.suspects: set[int] = set()
        self.stopped: Counter[int] = Counter()

    def run(self) -> None:
        while True:
            time.sleep(INTERVAL)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
        # Counted in looks: while the server itself is stopped, as by Ctrl-Z, none is made.
        self.stopped = Counter({pid: self.stopped[pid] + 1 for pid, _ in self.workers() if is_stopped(pid)})
        for pid in [pid for pid, looks in self.stopped.items() if looks == STOPPED]:
            log.error("Replacing worker %d: it was stopped by a signal", pid)
            kill(pid)
        silent = {pid for pid, started in self.workers() if self.is_silent(pid, started, now)}
        # Found silent twice in a row: after all processes were suspended together, the workers are asked once more.
        for pid in silent & self.suspects:
            log.error("Replacing worker %d: it has answered no health probe for %d seconds", pid, self.timeout)
            kill(pid)
        self.suspects = silent - self.suspects

    def is_silent(self, pid: int, started: float, now: float) -> bool:
        last = self.last_beat(pid)
        if last is None:
            return now - started > max(self.timeout, STARTING.total_seconds())
        return now - last > self.timeout

    def last_beat(self, pid: int) -> float | None:
        try:
            noted = (self.folder / str(pid)).read_bytes()
        except FileNotFoundError:
            return None
        return float(INSTANT.unpack(noted)[0]) if len(noted) == INSTANT.size else None


def is_stopped(pid: int) -> bool:
    """Whether a signal such as SIGSTOP, and no debugger, has stopped it (proc(5)); False on systems without /proc."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return False
    # After the name of the program, which may hold anything.
    return stat.rpartition(")")[2].split()[:1] == ["T"]


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        log.info("worker %d has ended by itself", pid)
