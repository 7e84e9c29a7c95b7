"""What a worker runs: the application behind its gateway, as long as the process that started it is there."""

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
from webapp.cli.connections import bound_connections
from webapp.cli.granian_server import connections_per_worker
from webapp.cli.shutdown import Shutdown
from webapp.cli.watchdog import FOLDER, beat
from webapp.core.client_network import network_of
from webapp.core.tracebacks import print_uncaught
from webapp.credentials.usage_tracker import UsageTracker
from webapp.jobs.worker import JobWorker
from webapp.mail.worker import MailWorker
from webapp.settings import Settings
from webapp.web import proxy
from webapp.web.asgi import AsgiGateway
from webapp.web.proxy import Network
from webapp.web.registry import services_of
from webapp.web.wsgi_environ import Environ


def application() -> AsgiGateway:
    loop = asyncio.get_event_loop()
    ending = Shutdown(ServerStop(loop))
    signals.hear(ending.begin)
    print_uncaught()
    threading.Thread(target=leave_with_parent, name="parent", daemon=True).start()
    app = create_app()
    workers = [services_of(app).get(MailWorker), services_of(app).get(JobWorker)]
    ending.concerns(services_of(app).get(UsageTracker), *workers)
    for worker in workers:
        worker.start()
    atexit.register(ending.finish)
    preload.start()
    settings = services_of(app).get(Settings)
    clients = Clients(settings.trusted_proxies)
    gateway = AsgiGateway(
        app.wsgi_app,
        threads=settings.threads,
        body_limit=settings.body_limit,
        body_timeout=settings.body_timeout,
        base_url=app.config["BASE_URL"],
        client_of=clients.of_request,
    )
    # Referenced by the gateway: the loop itself keeps only a weak reference to a task.
    gateway.background.add(
        loop.create_task(bound_connections(connections_per_worker(settings.connections), clients.of_connection))
    )
    if folder := os.environ.get(FOLDER):
        gateway.background.add(loop.create_task(beat(Path(folder), app, gateway.progress)))
    return gateway


class Clients:
    """Whose share of threads, bodies and connections is taken: the network that a request or connection comes from."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self.proxies = proxies
        self.network_of = lru_cache(4096)(network_of)

    def of_request(self, environ: Environ) -> str:
        caller = proxy.caller_of(environ, self.proxies) if self.proxies else None
        return self.network_of(caller or environ["REMOTE_ADDR"])

    def of_connection(self, address: str) -> str | None:
        """None for a trusted proxy, whose connections are those of many."""
        return None if proxy.is_trusted(address, self.proxies) else self.network_of(address)


class ServerStop:
    """Tells granian to stop serving: calls the handler that it registers with the event loop for SIGTERM.

    No signal reaches that handler, because one thread of ours waits for them all (``signals.hear``). It may be called
    once only: granian's signal to itself holds two, and whoever sets a third waits for ever.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.handler: Callable[[], object] | None = None
        loop.add_signal_handler = self.register  # type: ignore[assignment, method-assign]

    def register(self, number: int, handler: Callable[..., object], *arguments: Any) -> None:
        if number == signal.SIGTERM:
            self.handler = partial(handler, *arguments)

    def __call__(self) -> bool:
        """Whether there is a server to stop: False while the application is still being built."""
        if self.handler is None or not self.loop.is_running():
            return False
        self.loop.call_soon_threadsafe(self.handler)
        return True


def leave_with_parent() -> None:
    """A parent that was killed can stop nobody; its workers would keep the port, and old code, for good."""
    if (parent := parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
