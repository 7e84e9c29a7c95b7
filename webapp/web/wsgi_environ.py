"""environ_of(): the WSGI environ of an ASGI request (PEP 3333, ASGI HTTP 2.3)."""

import io
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestTimeout

Environ = dict[str, Any]

REPEATED = "webapp.repeated_headers"
"""WSGI environ key: names of the headers that were sent more than once, and are joined; missing on other servers."""
ALWAYS: Environ = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    # The whole body was read, whatever Content-Length says.
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
    REPEATED: frozenset[str](),
}
BODY_READ = "webapp.body_read"
"""WSGI environ key: bytes of the body that were read at most, where a view has a limit of its own."""
# A body has no meaning in these requests (RFC 9110 §9.3.1), so it is not read.
WITHOUT_BODY = {"GET", "HEAD", "OPTIONS", "TRACE"}
UNPREFIXED = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


def environ_of(scope: Mapping[str, Any]) -> Environ:
    """The WSGI environ of a request, with an empty ``wsgi.input``.

    Args:
        scope: the ASGI connection scope.
    """
    host, port = scope["server"] or ("", "")
    client = scope["client"] or ("", "")
    environ = ALWAYS | {
        "REQUEST_METHOD": scope["method"],
        # Not from ``path``, which is decoded as UTF-8 and has lost all other bytes.
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": "HTTP/1.0" if scope["http_version"] in ("1", "1.0") else "HTTP/1.1",
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": io.BytesIO(),
    }
    for name, value in scope["headers"]:
        # WSGI does not tell underscores from dashes: X_Forwarded_For would count as X-Forwarded-For, but a proxy that
        # removes the latter does not remove it.
        if b"_" in name:
            continue
        key = UNPREFIXED.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
            environ[REPEATED] |= {key}
        environ[key] = text
    return environ


def has_body(environ: Environ) -> bool:
    """Whether a body is to be read (RFC 9112 §6)."""
    if environ["REQUEST_METHOD"] in WITHOUT_BODY:
        return False
    coding: str | None = environ.get("HTTP_TRANSFER_ENCODING")
    if coding is not None:
        # With another coding the end of the body is unknown (RFC 9112 §6.1); RequestHead refuses the request.
        return is_chunked(coding)
    length: str = environ.get("CONTENT_LENGTH", "0")
    return length != "0"


def is_chunked(coding: str) -> bool:
    """Whether ``Transfer-Encoding`` is exactly ``chunked``, the only coding that is supported."""
    return coding.lower() == "chunked"


class LateBody(io.RawIOBase):
    """``wsgi.input`` of a request whose body did not arrive in time: reading it raises 408."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise RequestTimeout


class StartResponse:
    """``start_response`` of PEP 3333; stores status and headers."""

    __slots__ = ("headers", "status")

    def __init__(self) -> None:
        self.status, self.headers = 500, list[tuple[str, str]]()

    def __call__(self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None) -> Callable[[bytes], object]:
        self.status, self.headers = int(status[:3]), headers
        return refuse_write

    @property
    def has_length(self) -> bool:
        return any(name.lower() == "content-length" for name, _ in self.headers)


def refuse_write(_data: bytes) -> object:
    raise TypeError("the write() of PEP 3333 is not offered; return the body instead")
