"""environ_of(scope): the WSGI environment of a request that came by ASGI (PEP 3333, ASGI HTTP 2.3)."""

import io
import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

from werkzeug.exceptions import RequestTimeout

Environ = dict[str, Any]

ALWAYS: Environ = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "SCRIPT_NAME": "",
    "wsgi.errors": sys.stderr,
    # The body is all there, whatever its length was said to be.
    "wsgi.input_terminated": True,
    "wsgi.multiprocess": True,
    "wsgi.multithread": True,
    "wsgi.run_once": False,
    "wsgi.version": (1, 0),
}
# Of these requests a body means nothing (RFC 9110 §9.3.1), so none is waited for.
WITHOUT_BODY = {"GET", "HEAD", "OPTIONS", "TRACE"}
UNPREFIXED = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


def environ_of(scope: Mapping[str, Any]) -> Environ:
    """Without a body; ``wsgi.input`` is empty until the caller sets it."""
    host, port = scope["server"] or ("", "")
    client = scope["client"] or ("", "")
    environ = ALWAYS | {
        "REQUEST_METHOD": scope["method"],
        # From the raw path: the decoded one has lost every byte that is not UTF-8.
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
        # An underscore would read like a dash: X_Forwarded_For as X-Forwarded-For, past a proxy that strips the latter.
        if b"_" in name:
            continue
        key = UNPREFIXED.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        text = value.decode("latin-1")
        if key in environ:
            text = f"{environ[key]}{'; ' if key == 'HTTP_COOKIE' else ','}{text}"
        environ[key] = text
    return environ


def has_body(environ: Environ) -> bool:
    if environ["REQUEST_METHOD"] in WITHOUT_BODY:
        return False
    coding: str | None = environ.get("HTTP_TRANSFER_ENCODING")
    if coding is not None:
        # Where another coding ends the body is not known (RFC 9112 §6.1); RequestHead refuses the request.
        return is_chunked(coding)
    length: str = environ.get("CONTENT_LENGTH", "0")
    return length != "0"


def is_chunked(coding: str) -> bool:
    return coding.lower() == "chunked"


class LateBody(io.RawIOBase):
    """The body of a request that did not come in time: whoever reads it is answered 408."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise RequestTimeout


class StartResponse:
    """``start_response`` of PEP 3333; what it was called with is read off it."""

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
