"""granian, told how we serve."""

import errno
import logging
import multiprocessing
import os
import socket
import time
from multiprocessing import resource_tracker
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.mp import MPServer

from webapp.cli import signals
from webapp.cli.ending import PATIENCE
from webapp.cli.refusals import Refused
from webapp.settings import ROOT, Settings

# Its own words go to standard error: what is said on standard output is ours.
LOGGING: dict[str, Any] = {
    "filters": {"known": {"()": "webapp.cli.server.OnlyNews"}},
    "handlers": {"console": {"formatter": "generic", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False, "filters": ["known"]}},
}


class OnlyNews(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        # granian warns of more threads than cores; ours wait for a hash, so that logins do not hold up the rest.
        return "Python threads" not in record.getMessage()


class Server(MPServer):
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
    granian = Server(
        "webapp.cli.worker:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=1 if debug else settings.workers,
        blocking_threads=settings.threads,
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
    granian.serve()


def split(bind: str) -> tuple[str, int]:
    """Address and port. Of a name, the address: granian takes numbers only."""
    host, _, port = bind.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise Refused(f"WEBAPP_BIND names {host}, which is no address of this machine: {error.strerror}.") from error
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
                raise Refused(f"Another program listens on {bind}; stop it, or choose another with --bind.") from error
            reason = os.strerror(error.errno or 0)
            raise Refused(f"Nobody can listen on {bind} here: {reason}; choose another with --bind.") from error
