"""Heartbeats of a worker: it probes itself and writes the time to a file, which the watchdog reads."""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from flask import Flask
from werkzeug.test import create_environ

from webapp.cli.watchdog import INSTANT, INTERVAL
from webapp.web.request_observer import UNOBSERVED
from webapp.web.wsgi_environ import StartResponse


class NotHealthy(Exception):
    """The application answered its own health probe with another status than 200."""


def probe(app: Flask) -> None:
    """Request ``/healthz`` from the application, without a socket.

    Raises:
        NotHealthy
    """
    start = StartResponse()
    body = app.wsgi_app(create_environ("/healthz", app.config["BASE_URL"]) | {UNOBSERVED: True}, start)
    b"".join(body)
    if start.status != 200:
        raise NotHealthy(start.status)


async def write_heartbeats(folder: Path, app: Flask, progress: Callable[[], int | None]) -> None:
    """Write the time to the heartbeat file after each successful health probe, as long as requests make progress.

    The probe has a thread of its own, so that a worker with a long queue does not count as hanging.

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
