"""Starts a server by forking, in milliseconds: the worker process of ``serve`` with its threads and its gateway.

Reads the settings of a site and the path of a log file or null from each line of standard input, and answers with the
process ID of its server. Ends with standard input, and so do the servers.
"""

import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Hashable
from functools import cache
from typing import Any

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from webapp.app import create_app
from webapp.cli import preload, schema, worker
from webapp.settings import Settings
from webapp.testing import quickened


@cache
def site_of(*settings: Hashable) -> Flask:
    chosen = Settings.from_env(dict(settings))  # type: ignore[arg-type]
    schema.set_up_keys(chosen)
    return quickened(create_app(chosen))


def serve(app: Flask, settings: dict[str, str]) -> None:
    os.environ.update(settings)
    host, _, port = settings["WEBAPP_BIND"].rpartition(":")
    # The site is built already, and so is what the timer would load.
    replaced: Any = worker
    replaced.create_app, preload.DELAY = (lambda: app), 3600.0
    asyncio.set_event_loop(loop := asyncio.new_event_loop())

    async def run() -> None:
        await Server(
            worker.application(),
            address=host,
            port=int(port),
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            websockets=False,
            log_level=LogLevels.error,
        ).serve()

    loop.run_until_complete(run())


def log_to(path: str) -> None:
    log = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(log, stream.fileno())


def end_with(parent: int) -> None:
    """
    Args:
        parent: the reading end of a pipe that the parent holds open as long as it lives.
    """
    os.read(parent, 1)
    os._exit(0)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    preload.load_libraries()
    alive, held = os.pipe()
    for line in sys.stdin:
        wanted: dict[str, Any] = json.loads(line)
        settings: dict[str, str] = wanted["settings"]
        app = site_of(*settings.items())
        if (pid := os.fork()) == 0:
            os.close(held)
            if wanted["log"]:
                log_to(wanted["log"])
            threading.Thread(target=end_with, args=(alive,), daemon=True).start()
            serve(app, settings)
            os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
