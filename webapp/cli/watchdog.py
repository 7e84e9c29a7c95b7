"""Watchdog: replaces a worker that answers no health probe; each worker probes itself and notes when it answered."""

import asyncio
import logging
import os
import signal
import struct
import threading
import time
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
    """Kills a worker whose last heartbeat is older than ``timeout``; the server starts another in its place.

    Args:
        workers: process id of each worker and when it was started, by ``time.monotonic()``.
    """

    def __init__(self, folder: Path, timeout: timedelta, workers: Callable[[], Iterable[tuple[int, float]]]) -> None:
        super().__init__(name="watchdog", daemon=True)
        self.folder, self.timeout, self.workers = folder, timeout.total_seconds(), workers
        self.suspects: set[int] = set()

    def run(self) -> None:
        while True:
            time.sleep(INTERVAL)
            self.look(time.monotonic())

    def look(self, now: float) -> None:
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


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        log.info("worker %d has ended by itself", pid)
