"""client_of(): the client of the trusted proxies, from ``X-Forwarded-*`` or ``Forwarded`` (RFC 7239)."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Network = IPv4Network | IPv6Network
LONGEST_CHAIN = 20
HIGHEST_PORT = 65535
ZONE = "(?:%[0-9A-Za-z._~%-]{1,64})?"
# Every repetition is bounded, so that matching takes a bounded time. An IPv6 address without brackets has no port.
ENTRY = re.compile(
    rf"(?:\[(?P<bracketed>[0-9A-Fa-f:.]{{2,45}}){ZONE}\]|(?P<ipv4>[0-9.]{{7,15}}))(?::(?P<port>[0-9]{{1,5}}))?"
    rf"|(?P<ipv6>[0-9A-Fa-f:.]{{2,45}}){ZONE}"
)
HOST = re.compile(r"(?:\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE)
# A pair of RFC 7239 §4. Proxies quote no comma and no semicolon: none of an IP address, host or scheme has one.
TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
PAIR = re.compile(rf'[ \t]*({TOKEN}{{1,32}})=(?:((?:{TOKEN}|[:\[\]]){{1,300}})|"((?:[^"\\]|\\.){{0,300}})")[ \t]*')
OBFUSCATED_PORT = re.compile(r":_[0-9A-Za-z._-]{1,64}\Z")
MOST_PAIRS = 10


class ProxiedClient(NamedTuple):
    """What the trusted proxies say of a request; None for what none of them says."""

    ip_address: str | None = None
    scheme: str | None = None
    """``http`` or ``https``, as the client used it."""
    host: str | None = None
    """Host with its port, if there was one; lower case."""


def client_of(environ: "WSGIEnvironment", networks: Sequence[Network]) -> ProxiedClient:
    """What the trusted proxies say of the client, or nothing if the request comes from somebody else.

    ``Forwarded`` is read only where there is no ``X-Forwarded-For``: most proxies write that one, and pass on what a
    client sends as the other.
    """
    if not is_trusted(environ.get("REMOTE_ADDR", ""), networks):
        return ProxiedClient()
    if environ.get("HTTP_X_FORWARDED_FOR") or "HTTP_FORWARDED" not in environ:
        return of_x_forwarded(environ, networks)
    return of_forwarded(environ, networks)


def of_x_forwarded(environ: "WSGIEnvironment", networks: Sequence[Network]) -> ProxiedClient:
    chain, caller, hops = last_entries(environ.get("HTTP_X_FORWARDED_FOR", "")), None, 0
    # From the nearest hop backwards: the first IP address that is not a trusted proxy is the client's. Anything further
    # left was sent by the client itself and may be forged.
    while chain and is_trusted(caller or environ.get("REMOTE_ADDR", ""), networks):
        hop = parse_entry(chain.pop())
        if hop is None:
            break
        caller, hops = str(hop), hops + 1

    def first_of(header: str) -> str:
        # The entry of the trusted proxy that is furthest away.
        return last_entries(environ.get(header, ""))[-max(hops, 1) :][0]

    scheme, host = first_of("HTTP_X_FORWARDED_PROTO"), first_of("HTTP_X_FORWARDED_HOST")
    return ProxiedClient(caller, scheme_in(scheme), host_in(host))


def of_forwarded(environ: "WSGIEnvironment", networks: Sequence[Network]) -> ProxiedClient:
    chain, found = last_entries(environ.get("HTTP_FORWARDED", "")), ProxiedClient()
    while chain and is_trusted(found.ip_address or environ.get("REMOTE_ADDR", ""), networks):
        pairs = pairs_of(chain.pop())
        if pairs is None:
            break
        hop = parse_node(pairs.get("for", ""))
        found = ProxiedClient(
            str(hop) if hop else found.ip_address,
            scheme_in(pairs.get("proto", "")) or found.scheme,
            host_in(pairs.get("host", "")) or found.host,
        )
        if hop is None:
            # "unknown" or an obfuscated name: the elements before it come from that client.
            break
    return found


def last_entries(header: str) -> list[str]:
    return header.rsplit(",", LONGEST_CHAIN)[-LONGEST_CHAIN:]


def pairs_of(element: str) -> dict[str, str] | None:
    """The parameters of one ``forwarded-element`` (RFC 7239 §4); None if it is malformed."""
    found: dict[str, str] = {}
    for pair in element.split(";", MOST_PAIRS):
        matched = PAIR.fullmatch(pair)
        name = matched[1].lower() if matched else ""
        if matched is None or name in found:
            return None
        found[name] = matched[2] if matched[3] is None else re.sub(r"\\(.)", r"\1", matched[3])
    return found


def parse_node(node: str) -> IPv4Address | IPv6Address | None:
    """The IP address of a ``for`` parameter (RFC 7239 §6); None for "unknown" and obfuscated identifiers."""
    node = OBFUSCATED_PORT.sub("", node)
    return None if node.count(":") > 1 and not node.startswith("[") else parse_entry(node)


def parse_entry(text: str) -> IPv4Address | IPv6Address | None:
    """The IP address in one entry of ``X-Forwarded-For``; None if it is not an IP address.

    Some proxies add the port, and then put an IPv6 address in brackets (RFC 3986 §3.2.2). An IPv4-mapped IP address is
    returned as IPv4. A zone (RFC 4007 §11) is dropped: it is free text, which would make one client look like many.
    """
    found = ENTRY.fullmatch(text.strip(" \t"))
    if found is None or int(found["port"] or 0) > HIGHEST_PORT:
        return None
    try:
        ip_address = IPv4Address(found["ipv4"]) if found["ipv4"] else IPv6Address(found["bracketed"] or found["ipv6"])
    except ValueError:
        return None
    return getattr(ip_address, "ipv4_mapped", None) or ip_address


def scheme_in(text: str) -> str | None:
    scheme = text.strip(" \t").lower()
    return scheme if scheme in ("http", "https") else None


def host_in(text: str) -> str | None:
    host = text.strip(" \t")
    return host.lower() if HOST.fullmatch(host) else None


def is_trusted(caller: str, networks: Sequence[Network]) -> bool:
    """Whether an IP address is one of the trusted proxies."""
    ip_address = parse_entry(caller)
    return ip_address is not None and any(ip_address in network for network in networks)
