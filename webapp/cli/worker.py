"""The worker process: the application behind its ASGI gateway, with the mail and job threads."""

import asyncio
import atexit
import os
import signal
import threading
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

from webapp.app import create_app
from webapp.cli import preload, signals
from webapp.cli.connections import bound_connections, connections_per_worker
from webapp.cli.heartbeat import write_heartbeats
from webapp.cli.shutdown import Shutdown
from webapp.cli.watchdog import FOLDER
from webapp.cli.worker_start import DEBUG, LOG_JSON
from webapp.core import allocator
from webapp.core.background_worker import BackgroundWorker
from webapp.core.client_network import network_of
from webapp.core.tracebacks import print_uncaught
from webapp.credentials.usage_tracker import UsageTracker
from webapp.guard.body_limits import BodyLimits
from webapp.jobs.worker import JobWorker
from webapp.mail.worker import MailWorker
from webapp.nodes.heartbeat import NodeHeartbeat
from webapp.oauth.logout_worker import LogoutWorker
from webapp.settings import Settings
from webapp.web import forwarded, logs
from webapp.web.asgi import AsgiGateway
from webapp.web.forwarded import Network
from webapp.web.registry import services_of
from webapp.web.request_observer import Observe, Observers, RequestRecord
from webapp.web.traces import TraceExporter
from webapp.web.wsgi_environ import Environ


def application() -> AsgiGateway:
    allocator.return_regularly()
    loop = asyncio.get_event_loop()
    shutdown = Shutdown(ServerStop(loop))
    signals.on_stop(shutdown.begin)
    print_uncaught()
    if LOG_JSON in os.environ:
        logs.all_as_json()
    threading.Thread(target=leave_with_parent, name="parent", daemon=True).start()
    app = create_app()
    app.debug = DEBUG in os.environ
    services = services_of(app)
    workers: list[BackgroundWorker] = [
        services.get(kind) for kind in (MailWorker, JobWorker, LogoutWorker, NodeHeartbeat)
    ]
    if (exporter := services.find(TraceExporter)) is not None:
        workers.append(exporter)
    shutdown.concerns(services_of(app).get(UsageTracker), *workers)
    for worker in workers:
        worker.start()
    atexit.register(shutdown.finish)
    preload.start()
    settings = services_of(app).get(Settings)
    clients = ClientNetworks(settings.trusted_proxies)
    limits = BodyLimits(app, general=settings.body_limit, base_path=settings.base_path)
    gateway = AsgiGateway(
        app.wsgi_app,
        threads=settings.threads,
        body_limit=settings.body_limit,
        body_timeout=settings.body_timeout,
        base_url=app.config["BASE_URL"],
        client_of=clients.of_request,
        limit_of=limits if limits.largest > settings.body_limit else None,
        on_refusal=partial(observe_refusal, services.get(Observers).each, clients),
    )
    # Referenced by the gateway: the loop itself keeps only a weak reference to a task.
    gateway.background.add(
        loop.create_task(bound_connections(connections_per_worker(settings.connections), clients.of_connection))
    )
    if folder := os.environ.get(FOLDER):
        gateway.background.add(loop.create_task(write_heartbeats(Path(folder), app, gateway.progress)))
    return gateway


class ClientNetworks:
    """The client that a request or connection counts for in fair sharing: the network of its IP address."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self.proxies = proxies
        self.network_of = lru_cache(4096)(network_of)

    def of_request(self, environ: Environ) -> str:
        return self.network_of(self.ip_address_of(environ))

    def ip_address_of(self, environ: Environ) -> str:
        caller = forwarded.client_of(environ, self.proxies).ip_address if self.proxies else None
        return caller or str(environ["REMOTE_ADDR"])

    def of_connection(self, ip_address: str) -> str | None:
        """The client of a connection; None for a trusted proxy, which has connections of many clients."""
        return None if forwarded.is_trusted(ip_address, self.proxies) else self.network_of(ip_address)


def observe_refusal(observers: Sequence[Observe], clients: ClientNetworks, environ: Environ, status: int) -> None:
    """Report a request to the observers that the gateway refuses before the application has seen it."""
    if observers:
        record = RequestRecord(environ["REQUEST_METHOD"], clients.ip_address_of(environ), status)
        for observe in observers:
            observe(record)


class ServerStop:
    """Stops granian: calls the handler that it registers with the event loop for SIGTERM.

    No signal reaches that handler, because a thread of ours waits for all of them (``signals.on_stop``). Call it only
    once: granian's internal signal queue holds two, and a third call would block for ever.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.handler: Callable[[], object] | None = None
        loop.add_signal_handler = self.register  # type: ignore[assignment, method-assign]

    def register(self, number: int, handler: Callable[..., object], *arguments: Any) -> None:
        if number == signal.SIGTERM:
            self.handler = partial(handler, *arguments)

    def __call__(self) -> bool:
        """Stop the server. Returns False if there is none yet, because the application is still being built."""
        if self.handler is None or not self.loop.is_running():
            return False
        self.loop.call_soon_threadsafe(self.handler)
        return True


def leave_with_parent() -> None:
    """End this worker when its parent ends: a killed parent cannot stop its workers, which would keep the port."""
    if (parent := parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
