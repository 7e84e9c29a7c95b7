"""exchange(): one request over a socket, with exactly these bytes."""

import json
import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any

from tests.forward_auth.small_apps import frame, read_frame

PATIENCE = 60
Headers = Sequence[tuple[str, str]]


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.headers if known.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        found = self.all(name)
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def seen(self) -> dict[str, Any]:
        """The request as it reached the app."""
        assert self.status == 200, (self.status, self.headers, self.body)
        return dict(json.loads(self.body))

    def at_app(self, name: str) -> list[str]:
        """What the app got in a header, as WSGI reads its name."""
        return [value for known, value in self.seen["headers"] if wsgi(known) == wsgi(name)]


def wsgi(name: str) -> str:
    return name.upper().replace("-", "_")


def connected(port: int, *, tls: str | None = None) -> socket.socket:
    """
    Args:
        tls: the name for SNI; None for plain HTTP.
    """
    plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    if tls is None:
        return plain
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=tls)


def exchange(
    port: int,
    host: str,
    target: str = "/",
    method: str = "GET",
    headers: Headers = (),
    body: bytes = b"",
    *,
    tls: str | None = None,
) -> Answer:
    length = [("Content-Length", str(len(body)))] if body else []
    lines = [
        f"{method} {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in [("Host", host), *headers, *length]),
    ]
    head = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")
    with connected(port, tls=tls) as wire:
        # It may answer before it has read everything.
        with suppress(BrokenPipeError, ConnectionResetError):
            wire.sendall(head + body)
        response = HTTPResponse(wire, method=method)
        response.begin()
        return Answer(response.status, response.getheaders(), response.read())


def said_in_chat(port: int, host: str, text: str, headers: Headers = ()) -> tuple[int, str | None]:
    """The status of a WebSocket handshake, and what the app sends back to a text."""
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    asked = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Key", key)]
    asked += [("Sec-WebSocket-Version", "13"), ("Host", host), *headers]
    head = "\r\n".join(["GET /chat HTTP/1.1", *(f"{name}: {value}" for name, value in asked), "", ""])
    with connected(port) as wire:
        wire.sendall(head.encode())
        stream = wire.makefile("rb")
        status = int(stream.readline().split(b" ")[1])
        while stream.readline().strip():
            pass
        if status != 101:
            return status, None
        wire.sendall(frame(text, mask=os.urandom(4)))
        return status, read_frame(stream)
