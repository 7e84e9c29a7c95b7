"""Serves a provider of these tests by HTTP on loopback, for tests with the real client of the site."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flask import Flask

from tests.federation.kinds import AnyUpstream
from webapp.core.outgoing_http import OutgoingResponse
from webapp.federation.models import LoginProvider
from webapp.federation.provider_logins import ProviderLogins
from webapp.web.registry import services_of

Send = Callable[..., OutgoingResponse]


@dataclass
class Served:
    url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)
    """Other bodies, by path."""
    redirects: set[str] = field(default_factory=set)
    """Paths that redirect elsewhere."""
    agents: set[str] = field(default_factory=set)
    """Values of the header User-Agent that came."""
    elsewhere: list[str] = field(default_factory=list)
    """Requests that followed a redirect."""


@contextmanager
def served(upstream: AnyUpstream, url_there: Callable[[str], str]) -> Iterator[Served]:
    """
    Args:
        url_there: the URL that the provider of the tests knows, by the path with its query.
    """
    found = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.agents.add(self.headers["User-Agent"])
            path = self.path.partition("?")[0]
            if path == "/elsewhere":
                found.elsewhere.append(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if path in found.redirects:
                self.send_response(307)
                self.send_header("Location", f"{found.url}/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            answer = (
                OutgoingResponse(200, found.bodies[path])
                if path in found.bodies
                else upstream.send(self.command, url_there(self.path), body=body, headers=dict(self.headers))
            )
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            # The site hangs up when it has read enough.
            with suppress(ConnectionError):
                self.wfile.write(answer.body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()


def reached_by_http(app: Flask, enter: Callable[[], LoginProvider]) -> None:
    """Enter a provider, and keep the client that the site has for it."""
    services = services_of(app)
    real = services.get(ProviderLogins)
    enter()
    services.replace(ProviderLogins)(real)
