"""Small apps that know nothing of a login: each shows the request that reached it, keeps files, and talks WebSocket."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455 §1.3."""
STORED = {"PUT": 201, "MKCOL": 201, "DELETE": 204, "PROPFIND": 207}


class SmallApp(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    files: dict[str, bytes]

    @property
    def target(self) -> str:
        # ``path`` has lost a second slash at its beginning.
        return self.requestline.split(" ")[1]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.serve
        raise AttributeError(name)

    def serve(self) -> None:
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self.chat()
            return
        body = self.read_body()
        if self.command == "PUT":
            self.files[self.target] = body
        shown = self.files.get(self.target) if self.command == "GET" else None
        self.answer(STORED.get(self.command, 200), self.received(body) if shown is None else shown)

    def received(self, body: bytes) -> bytes:
        shown = {
            "method": self.command,
            "target": self.target,
            "headers": list(self.headers.items()),
            "length": len(body),
            "digest": hashlib.sha256(body).hexdigest(),
        }
        return json.dumps(shown).encode()

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(body)

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def chat(self) -> None:
        """Send each text back until the client leaves."""
        key = self.headers["Sec-WebSocket-Key"].encode()
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key + GUID).digest()).decode())
        self.end_headers()
        self.close_connection = True
        while (text := read_frame(self.rfile)) is not None:
            name = self.headers.get("Remote-User", "")
            self.wfile.write(frame(f"{name}: {text}"))
            self.wfile.flush()

    def log_message(self, *_arguments: Any) -> None: ...


def frame(text: str, mask: bytes = b"") -> bytes:
    """A text of less than 126 bytes as a WebSocket frame (RFC 6455 §5.2)."""
    body = text.encode()
    head = struct.pack("!BB", 0x81, len(body) | (0x80 if mask else 0))
    return head + mask + bytes(byte ^ mask[at % 4] if mask else byte for at, byte in enumerate(body))


def read_frame(stream: Any) -> str | None:
    head = stream.read(2)
    if len(head) < 2 or head[0] != 0x81:
        return None
    mask = stream.read(4) if head[1] & 0x80 else b""
    body = stream.read(head[1] & 0x7F)
    return bytes(byte ^ mask[at % 4] if mask else byte for at, byte in enumerate(body)).decode()


@contextmanager
def small_app(port: int) -> Iterator[None]:
    """Serve one on loopback until the end of the block."""
    handler = type("OneApp", (SmallApp,), {"files": {}})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
