"""granian, told how we serve."""

import errno
import multiprocessing
import os
import resource
import socket
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from webapp.cli import signals, watchdog
from webapp.cli.errors import CommandRefused
from webapp.cli.shutdown import PATIENCE
from webapp.settings import ROOT, Settings

# Its own words go to standard error: what is said on standard output is ours.
LOGGING: dict[str, Any] = {
    "handlers": {"console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}


SPARE_FILES = 200
# Bytes of a request that are read ahead of what the application takes, its headers among them.
MOST_BUFFERED = 64 * 1024


class Server(MPServer):
    def started(self) -> Iterator[tuple[int, float]]:
        """Process id of each worker, and when it was started."""
        workers: list[Any] = self.wrks
        for worker in list(workers):
            if worker.inner.pid is not None and worker.is_alive():
                yield worker.inner.pid, worker.birth

    def _stop_workers(self) -> None:
        """Wait before granian does: one that has just ended is alive to it until another of its threads has noted that,
        and it would kill it, and say that it refused to stop."""
        until = time.monotonic() + PATIENCE
        workers: list[Any] = self.wrks
        for worker in workers:
            worker.terminate()
        while time.monotonic() < until and any(worker.is_alive() for worker in workers):
            time.sleep(0.01)
        self.workers_kill_timeout = 1
        super()._stop_workers()  # type: ignore[no-untyped-call] # granian's methods do not say what they return.


def serve(settings: Settings, *, debug: bool) -> None:
    """Until SIGTERM or SIGINT. The workers read the settings from the environment, as this process did."""
    # A forked worker would share what is open here, keep the old code at a reload, and on older Pythons skip what is to
    # be done at its end, such as writing last uses.
    multiprocessing.set_start_method("spawn", force=True)
    host, port = split(settings.bind)
    workers = 1 if debug else settings.workers
    granian = Server(
        "webapp.cli.worker:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # The one that leaves its signal handler with us (worker.ServerStop).
        loop=Loops.asyncio,
        # HTTP/2 without TLS would keep a worker's threads for as many streams as one connection opens.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=int(settings.header_timeout.total_seconds() * 1000), max_buffer_size=MOST_BUFFERED
        ),
        websockets=False,
        workers=workers,
        backpressure=connections_per_worker(settings.connections),
        respawn_failed_workers=True,
        workers_kill_timeout=PATIENCE,
        log_level=LogLevels.info if debug else LogLevels.warning,
        log_dictconfig=LOGGING,
        log_access=False,
        reload=debug,
        reload_paths=[ROOT / folder for folder in ("webapp", "templates", "static")],
        reload_ignore_worker_failure=debug,
    )
    # Started with the first worker otherwise, whereupon older Pythons unblock the signals that are being heard.
    resource_tracker.ensure_running()
    granian.on_startup(lambda: signals.hear(granian.signal_handler_interrupt))
    with tempfile.TemporaryDirectory(prefix="latchkey-") as folder:
        # Not where somebody may stop a worker in a debugger.
        if not debug:
            os.environ[watchdog.FOLDER] = folder
            dog = watchdog.Watchdog(Path(folder), settings.worker_timeout, granian.started)
            # After the signals are blocked: a thread that lets one through would swallow it.
            granian.on_startup(dog.start)
        granian.serve()


def connections_per_worker(wanted: int) -> int:
    """How many connections one worker keeps open: as many as this process may have files, less what else is open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = wanted + SPARE_FILES
    allowed = files if hard == resource.RLIM_INFINITY else min(hard, files)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    return max(64, allowed - SPARE_FILES)


def split(bind: str) -> tuple[str, int]:
    """Address and port. Of a name, the address: granian takes numbers only."""
    host, _, port = bind.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CommandRefused(
            f"WEBAPP_BIND names {host}, which is no address of this machine: {error.strerror}."
        ) from error
    return str(found[4][0]), int(port)


def refuse_taken(bind: str) -> None:
    """Ask before the workers do: they share the port with each other, so they would with another server of ours."""
    host, port = split(bind)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandRefused(
                    f"Another program listens on {bind}; stop it, or choose another with --bind."
                ) from error
            reason = os.strerror(error.errno or 0)
            raise CommandRefused(f"Nobody can listen on {bind} here: {reason}; choose another with --bind.") from error
