"""EchoApp: takes the place of an app behind the proxy, and records the requests that reach it."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 §1.3."""
PIECE = 65536


@dataclass
class EchoedRequest:
    """A request that reached the app."""

    headers: list[tuple[str, str]]
    length: int

    def all(self, name: str) -> list[str]:
        """The values of a header, however its name is written, as CGI and WSGI read it."""
        key = name.lower().replace("_", "-")
        return [value for header, value in self.headers if header.lower().replace("_", "-") == key]


@dataclass
class EchoApp:
    arrived: list[EchoedRequest] = field(default_factory=list)


class EchoHandler(BaseHTTPRequestHandler):
    timeout = 60
    echo: EchoApp

    def do_GET(self) -> None:
        self.echo.arrived.append(EchoedRequest(list(self.headers.items()), self.length()))
        key = self.headers.get("Sec-WebSocket-Key")
        is_socket = self.headers.get("Upgrade", "").lower() == "websocket" and key
        self.send_response(101 if is_socket else 200)
        if is_socket and key:
            accepted = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()  # noqa: S324 -- RFC 6455
            for name, value in (
                ("Upgrade", "websocket"),
                ("Connection", "Upgrade"),
                ("Sec-WebSocket-Accept", accepted),
            ):
                self.send_header(name, value)
        else:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def length(self) -> int:
        """Bytes of the body, which is read and dropped."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            total = 0
            while size := int(self.rfile.readline().split(b";")[0], 16):
                total += len(self.rfile.read(size))
                self.rfile.readline()
            return total
        left = total = int(self.headers.get("Content-Length") or 0)
        while left > 0:
            left -= len(self.rfile.read(min(PIECE, left))) or left
        return total

    def log_message(self, *_arguments: Any) -> None: ...


@contextmanager
def echo_app(host: str, port: int) -> Iterator[EchoApp]:
    """Serve an ``EchoApp`` until the end of the block.

    Raises:
        OSError: something else listens there.
    """
    echo = EchoApp()
    server = ThreadingHTTPServer((host, port), type("OneHandler", (EchoHandler,), {"echo": echo}))
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield echo
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
