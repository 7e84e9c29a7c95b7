"""MetricsServer: answers /metrics on an IP address and port of its own (``WEBAPP_METRICS_BIND``)."""

import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6
from typing import Any

from webapp.core.db import Database, existing
from webapp.core.lazy_import import lazily
from webapp.core.valkey_storage import valkey_for
from webapp.metrics.text import METRICS_TEXT
from webapp.settings import Settings

AT_ONCE = 8
"""Connections; further ones are closed at once."""
TIMEOUT = 5.0
"""Seconds that a client may take to send a line of its request."""


class MetricsHandler(BaseHTTPRequestHandler):
    timeout = TIMEOUT
    server: "MetricsServer"

    def do_GET(self) -> None:
        is_known = self.path.partition("?")[0] == "/metrics"
        body = self.server.text() if is_known else b"There is only /metrics.\n"
        self.send_response(200 if is_known else 404)
        self.send_header("Content-Type", METRICS_TEXT if is_known else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server calls it
        """Logs nothing: Prometheus sends a request every few seconds."""


class MetricsServer(ThreadingHTTPServer):
    """HTTP server for /metrics on its own port, with a limit of requests at once.

    Args:
        text: returns the metrics.
    """

    daemon_threads = True

    def __init__(self, host: str, port: int, text: Callable[[], bytes]) -> None:
        self.address_family = AF_INET6 if ":" in host else AF_INET
        self.text, self._places = text, threading.BoundedSemaphore(AT_ONCE)
        super().__init__((host, port), MetricsHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            # A client that closes the connection early is not an error of this server.
            with suppress(OSError):
                super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs no traceback if a client closes the connection or sends something else."""

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, name="metrics", daemon=True).start()


def start(settings: Settings, host: str, port: int) -> MetricsServer:
    database = Database(existing(settings.database))
    state = lazily("webapp.metrics.state").StateCollector(database, valkey_for(settings))
    server = MetricsServer(host, port, lazily("webapp.metrics.exposition").exposition_of(state))
    server.start()
    return server
