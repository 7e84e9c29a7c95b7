"""TrustedProxies: the client's IP address from ``X-Forwarded-For``, if the request comes from a trusted proxy."""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Network = IPv4Network | IPv6Network
LONGEST_CHAIN = 20
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA")
HIGHEST_PORT = 65535
ZONE = "(?:%[0-9A-Za-z._~%-]{1,64})?"
# Every repetition is bounded, so that matching takes a bounded time. An IPv6 address without brackets has no port.
ENTRY = re.compile(
    rf"(?:\[(?P<bracketed>[0-9A-Fa-f:.]{{2,45}}){ZONE}\]|(?P<ipv4>[0-9.]{{7,15}}))(?::(?P<port>[0-9]{{1,5}}))?"
    rf"|(?P<ipv6>[0-9A-Fa-f:.]{{2,45}}){ZONE}"
)
FROM_TRUSTED_PROXY = "webapp.from_trusted_proxy"
"""WSGI environ key: ``REMOTE_ADDR`` was taken from ``X-Forwarded-For``, so it is the client's and not a proxy's."""


class TrustedProxies:
    """WSGI middleware that replaces ``REMOTE_ADDR`` by the client's IP address; reads no other forwarded header.

    Args:
        networks: of the trusted proxies (``WEBAPP_TRUSTED_PROXIES``).
    """

    def __init__(self, app: "WSGIApplication", networks: Sequence[Network]) -> None:
        self.app, self.networks = app, networks

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if (caller := caller_of(environ, self.networks)) is not None:
            environ["REMOTE_ADDR"], environ[FROM_TRUSTED_PROXY] = caller, True
        return self.app(environ, start_response)


def caller_of(environ: "WSGIEnvironment", networks: Sequence[Network]) -> str | None:
    """The client's IP address as the trusted proxies saw it; None if none of them sent one."""
    chain = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")[-LONGEST_CHAIN:]
    caller = None
    # From the nearest hop backwards: the first address that is not a trusted proxy is the client's. Anything further
    # left was sent by the client itself and may be forged.
    while chain and is_trusted(caller or environ.get("REMOTE_ADDR", ""), networks):
        named = parse_entry(chain.pop())
        if named is None:
            break
        caller = str(named)
    return caller


def is_trusted(address: str, networks: Sequence[Network]) -> bool:
    """Whether an IP address is one of the trusted proxies."""
    known = parse_entry(address)
    return known is not None and any(known in network for network in networks)


def has_untrusted_proxy(environ: "WSGIEnvironment") -> bool:
    """Whether an untrusted proxy forwarded the request: ``REMOTE_ADDR`` may be the proxy's, not the client's."""
    return not environ.get(FROM_TRUSTED_PROXY) and any(environ.get(name) for name in FORWARDED)


def parse_entry(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address in one entry of ``X-Forwarded-For``; None if it is not an IP address.

    Some proxies add the port, and then put an IPv6 address in brackets (RFC 3986 §3.2.2). An IPv4-mapped address is
    returned as IPv4. A zone (RFC 4007 §11) is dropped: it is free text, which would make one client look like many.
    """
    found = ENTRY.fullmatch(text.strip(" \t"))
    if found is None or int(found["port"] or 0) > HIGHEST_PORT:
        return None
    try:
        address = IPv4Address(found["ipv4"]) if found["ipv4"] else IPv6Address(found["bracketed"] or found["ipv6"])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def init_app(app: Flask, networks: Sequence[Network]) -> None:
    if networks:
        app.wsgi_app = TrustedProxies(app.wsgi_app, networks)  # type: ignore[method-assign]  # Flask's own way to wrap
