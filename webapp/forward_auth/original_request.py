"""OriginalRequest: the request that a reverse proxy asks about, from the headers that it sends."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from webapp.web.forwarded import HOST
from webapp.web.proxy import FROM_TRUSTED_PROXY
from webapp.web.wsgi_environ import REPEATED

METHOD = re.compile("[A-Z]{1,20}(?:-[A-Z]{1,20})?")
URI = re.compile(r"/[\x21-\x7e]*")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
HEADERS = (
    "HTTP_X_FORWARDED_METHOD",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_URI",
    "HTTP_X_ORIGINAL_METHOD",
    "HTTP_X_ORIGINAL_URI",
    "HTTP_X_ORIGINAL_URL",
)
LONGEST_URI = 8192
JOINED = re.compile(r",\s*(?:/|https?:)")
"""Where two URIs were joined into one header, on servers that do not say so."""


class NotReadable(Exception):
    """The headers do not say which request is meant, or somebody sent them who may not. The message is for the log."""


class OriginalRequest(NamedTuple):
    method: str
    scheme: str
    """``http`` or ``https``."""
    host: str
    """Lower case, without a final dot, with the port if it is not that of the scheme."""
    raw_path: str
    """As the client has sent it, without the query."""
    query: str

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.host}"

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.raw_path}?{self.query}" if self.query else self.raw_path


def read(environ: Mapping[str, Any]) -> OriginalRequest:
    """The request that the proxy asks about: ``X-Forwarded-*``, or ``X-Original-*`` as ingress-nginx sends them.

    Raises:
        NotReadable
    """
    if FROM_TRUSTED_PROXY not in environ:
        raise NotReadable("the sender is no trusted proxy, or does not name the client in X-Forwarded-For")
    repeated = environ.get(REPEATED)
    if repeated and not repeated.isdisjoint(HEADERS):
        raise NotReadable("a header was sent twice")
    get = environ.get
    method, uri = get("HTTP_X_FORWARDED_METHOD"), get("HTTP_X_FORWARDED_URI")
    scheme, host = get("HTTP_X_FORWARDED_PROTO"), get("HTTP_X_FORWARDED_HOST")
    if "HTTP_X_ORIGINAL_METHOD" in environ:
        method = agreed("method", method, environ["HTTP_X_ORIGINAL_METHOD"])
    if "HTTP_X_ORIGINAL_URI" in environ:
        uri = agreed("URI", uri, environ["HTTP_X_ORIGINAL_URI"])
    if "HTTP_X_ORIGINAL_URL" in environ:
        parts = split(environ["HTTP_X_ORIGINAL_URL"])
        uri = agreed("URI", uri, f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")
        scheme, host = agreed("scheme", scheme, parts.scheme), agreed("host", host, parts.netloc)
    if method is None or uri is None or host is None or scheme is None:
        raise NotReadable("X-Forwarded-Method, -Proto, -Host or -Uri is missing")
    if not METHOD.fullmatch(method):
        raise NotReadable("the method has odd characters")
    if len(uri) > LONGEST_URI or not URI.fullmatch(uri) or (repeated is None and JOINED.search(uri)):
        raise NotReadable("the URI is too long, has odd characters, or there are two")
    if scheme not in DEFAULT_PORTS:
        raise NotReadable("the scheme is neither http nor https")
    path, _question, query = uri.partition("?")
    return OriginalRequest(method, scheme, canonical_host(host, scheme), path, query)


def split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError as error:
        raise NotReadable("X-Original-URL is malformed") from error


def agreed(part: str, one: str | None, other: str) -> str:
    if one is not None and one != other:
        raise NotReadable(f"X-Forwarded-* and X-Original-* name different {part}s")
    return other


@lru_cache(1024)
def canonical_host(host: str, scheme: str) -> str:
    """One spelling of a host with its port.

    Raises:
        NotReadable
    """
    if not HOST.fullmatch(host):
        raise NotReadable("the host is malformed")
    name, colon, port = host.lower().rpartition(":")
    if not colon or name.endswith(":") or host.endswith("]"):
        name, port = host.lower(), ""
    name = name.removesuffix(".")
    if not name or name.endswith("."):
        raise NotReadable("the host is malformed")
    port_suffix = f":{int(port)}" if port else ""
    return name if port_suffix == DEFAULT_PORTS[scheme] else name + port_suffix
