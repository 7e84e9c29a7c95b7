"""Which forwarded headers are believed, and from whom."""

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
# Every repetition is bounded, and so is the work. An IPv6 address without brackets has no port.
ENTRY = re.compile(
    rf"(?:\[(?P<bracketed>[0-9A-Fa-f:.]{{2,45}}){ZONE}\]|(?P<ipv4>[0-9.]{{7,15}}))(?::(?P<port>[0-9]{{1,5}}))?"
    rf"|(?P<ipv6>[0-9A-Fa-f:.]{{2,45}}){ZONE}"
)
# Left by what believed a header: the address is that of the caller, and not of a proxy.
BELIEVED = "webapp.proxy_believed"


class TrustedProxies:
    """Puts the caller's own address where the proxy's was; of the forwarded headers only this one is ever read."""

    def __init__(self, app: "WSGIApplication", networks: Sequence[Network]) -> None:
        self.app, self.networks = app, networks

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if (caller := caller_of(environ, self.networks)) is not None:
            environ["REMOTE_ADDR"], environ[BELIEVED] = caller, True
        return self.app(environ, start_response)


def caller_of(environ: "WSGIEnvironment", networks: Sequence[Network]) -> str | None:
    """The IP address that trusted proxies saw, or None where no forwarded header is believed."""
    chain = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")[-LONGEST_CHAIN:]
    caller = None
    # From the nearest hop backwards: the first that is no proxy of ours is whom our proxies saw.
    while chain and is_trusted(caller or environ.get("REMOTE_ADDR", ""), networks):
        named = parsed(chain.pop())
        if named is None:
            break
        caller = str(named)
    return caller


def is_trusted(address: str, networks: Sequence[Network]) -> bool:
    """Whether an IP address is one of the trusted proxies."""
    known = parsed(address)
    return known is not None and any(known in network for network in networks)


def is_doubtful(environ: "WSGIEnvironment") -> bool:
    """Whether the request came through a proxy that is not trusted, so that its address is the proxy's, or forged."""
    return not environ.get(BELIEVED) and any(environ.get(name) for name in FORWARDED)


def parsed(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address in one entry of ``X-Forwarded-For``, or None where it holds none.

    Some proxies add the port, and then put an IPv6 address in brackets (RFC 3986 §3.2.2). An IPv4-mapped address is the
    IPv4 address. A zone (RFC 4007 §11) names an interface of the proxy and is dropped: it is free text, and would let
    one caller pass for many.
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
