"""Run granian, the HTTP server, with the settings of this site; rarely used modules are imported lazily."""

import errno
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from webapp.cli import signals, watchdog
from webapp.cli.connections import connections_per_worker
from webapp.cli.errors import CommandRefused
from webapp.cli.shutdown import KILL_AFTER
from webapp.cli.startup_probe import StartupProbe
from webapp.cli.worker_start import DEBUG, LOG_JSON, application
from webapp.core.lazy_import import lazily
from webapp.settings import ROOT, Settings
from webapp.settings.paths import CHECKOUT

# granian's log goes to standard error: standard output is for the output of commands.
TEXT, JSON = {"format": "[%(levelname)s] %(message)s"}, {"()": "webapp.web.logs.JsonLine"}
LOGGING: dict[str, Any] = {
    "handlers": {"console": {"formatter": "line", "class": "logging.StreamHandler", "stream": "ext://sys.stderr"}},
    "loggers": {"_granian": {"handlers": ["console"], "level": "WARNING", "propagate": False}},
}
# Bytes of a request, headers included, that are read before the application asks for them.
MAX_BUFFERED = 64 * 1024
# Where the workers count (prometheus-client).
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Server(MPServer):
    def started(self) -> Iterator[tuple[int, float]]:
        """Process ID of each worker, and when it was started, by ``time.monotonic()``."""
        workers: list[Any] = self.wrks
        for worker in list(workers):
            if worker.inner.pid is not None and worker.is_alive():
                yield worker.inner.pid, worker.birth

    def _stop_workers(self) -> None:
        """Wait for the workers before granian does.

        granian counts a worker that has just ended as alive until another of its threads has noticed, and would kill
        it and log that it refused to stop.
        """
        until = time.monotonic() + KILL_AFTER
        workers: list[Any] = self.wrks
        for worker in workers:
            worker.terminate()
        while time.monotonic() < until and any(worker.is_alive() for worker in workers):
            time.sleep(0.01)
        self.workers_kill_timeout = 1
        super()._stop_workers()  # type: ignore[no-untyped-call] # granian's methods do not say what they return.


def serve(settings: Settings, *, debug: bool, on_answer: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT. The workers read the settings from the environment, as this process did.

    Args:
        on_answer: called once, in a thread, when the first worker answers.
    """
    # A forked worker would share the open files of this process, keep the old code at a reload, and on older Pythons
    # skip its exit handlers, such as writing last uses.
    multiprocessing.set_start_method("spawn", force=True)
    host, port = split(settings.bind)
    os.environ.pop(METRICS_FOLDER, None)
    workers = 1 if debug else settings.workers
    for variable, is_set in ((DEBUG, debug), (LOG_JSON, settings.log_json)):
        os.environ.pop(variable, None)
        if is_set:
            os.environ[variable] = "1"
    granian = Server(
        "webapp.cli.worker_start:application",
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        # asyncio, because worker.ServerStop needs the signal handler that granian registers with the loop.
        loop=Loops.asyncio,
        # With HTTP/2 without TLS, the streams of one connection could occupy all threads of a worker.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=int(settings.header_timeout.total_seconds() * 1000), max_buffer_size=MAX_BUFFERED
        ),
        websockets=False,
        workers=workers,
        backpressure=connections_per_worker(settings.connections),
        respawn_failed_workers=True,
        workers_kill_timeout=KILL_AFTER,
        log_level=LogLevels.info if debug else LogLevels.warning,
        log_dictconfig=LOGGING | {"formatters": {"line": JSON if settings.log_json else TEXT}},
        log_access=False,
        reload=debug,
        reload_paths=watched(settings) if debug else None,
        reload_ignore_paths=[settings.instance],
        reload_ignore_worker_failure=debug,
    )
    # Otherwise it starts with the first worker, and older Pythons then unblock the signals that ``signals`` waits for.
    resource_tracker.ensure_running()
    granian.on_startup(lambda: signals.on_stop(granian.signal_handler_interrupt))
    with tempfile.TemporaryDirectory(prefix="latchkey-") as folder:
        # Not with --debug, where a worker may be stopped in a debugger.
        if not debug:
            os.environ[watchdog.FOLDER] = folder
            replacer = watchdog.Watchdog(Path(folder), settings.worker_timeout, granian.started)
            # Started after the signals are blocked: a thread that does not block a signal would receive it.
            granian.on_startup(replacer.start)
        if settings.has_metrics:
            os.environ[METRICS_FOLDER] = str(Path(folder, "metrics"))
            Path(folder, "metrics").mkdir()
        if settings.metrics_bind:
            metrics = lazily("webapp.cli.metrics_server")
            granian.on_startup(lambda: metrics.start(settings, *split(settings.metrics_bind)))
        granian.on_startup(StartupProbe(host, port, on_answer).start)
        # granian's own loader looks in the working directory first, in which another "webapp" may be.
        granian.serve(target_loader=application, wrap_loader=False)


def watched(settings: Settings) -> list[Path]:
    """Files and folders whose changes restart the worker with ``--debug``: code, plug-ins, templates and branding."""
    own_folders = CHECKOUT / "webapp", ROOT / "templates", ROOT / "static"
    apps = (Path(blueprint.root_path) for blueprint in lazily("webapp.cli.plugin_tables").plugins(settings))
    look = (Path(name) for name in (settings.templates, settings.brand_logo, settings.brand_css) if name)
    return [*own_folders, *dict.fromkeys(apps), *look]


def split(bind: str, variable: str = "WEBAPP_BIND") -> tuple[str, int]:
    """IP address and port. A host name is resolved, because granian takes IP addresses only."""
    host, _, port = bind.rpartition(":")
    try:
        found = socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise CommandRefused(
            f"{variable} names the host {host}, which cannot be resolved: {error.strerror}."
        ) from error
    return str(found[4][0]), int(port)


def refuse_taken(bind: str, variable: str = "WEBAPP_BIND") -> None:
    """Check that the port is free. The workers cannot: they share it, so they would share it with another server too.

    Raises:
        CommandRefused
    """
    host, port = split(bind, variable)
    option = "--bind" if variable == "WEBAPP_BIND" else variable
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CommandRefused(
                    f"Another program already listens on {bind}. Stop it, or choose another port with {option}."
                ) from error
            reason = os.strerror(error.errno or 0)
            raise CommandRefused(f"Cannot listen on {bind}: {reason}. Choose another with {option}.") from error
