"""Authority: what a token may do at the most. Its row says so, not the token: a narrower one counts at once."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

import msgspec

Bound = Literal["resource", "method", "network"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MOST_PER_MINUTE = 100_000
# Whoever may read may ask for less than the whole of it.
READS = {"HEAD": "GET", "OPTIONS": "GET"}


class TokenGrant(msgspec.Struct, frozen=True, omit_defaults=True):
    """Empty bounds bound nothing, but for scopes: a token without any reaches nothing."""

    scopes: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    """Rules of routes, such as ``/protected/admin``."""
    methods: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    """From where it may be used, as CIDR."""
    per_minute: int | None = None
    """Requests."""
    counted_as: str | None = None
    """The first of a line of rotated tokens, by whose name the requests of them all are counted."""
    jkt: str | None = None
    """The thumbprint of the key that must prove each use (RFC 9449 §6)."""

    @property
    def is_bounded(self) -> bool:
        return bool(self.networks or self.methods or self.resources)

    @property
    def is_limited(self) -> bool:
        """Whether it depends on the call, or on those before it; of most tokens, on neither."""
        return bool(self.networks or self.methods or self.resources or self.per_minute)


class Call(NamedTuple):
    """Path and method of a request, and the IP address it comes from."""

    method: str
    resource: str
    """The rule of its route."""
    address: str | None


def exceeded(authority: TokenGrant, call: Call) -> Bound | None:
    """The first bound that a call does not keep."""
    if authority.networks and not is_within(call.address, authority.networks):
        return "network"
    if authority.methods and READS.get(call.method, call.method) not in authority.methods:
        return "method"
    if authority.resources and call.resource not in authority.resources:
        return "resource"
    return None


def is_within(address: str | None, networks: tuple[str, ...]) -> bool:
    try:
        caller = plain(ip_address(address or ""))
    except ValueError:
        return False
    return any(caller in network(cidr) for cidr in networks)


def plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """A socket that speaks both says ::ffff:203.0.113.5 for 203.0.113.5."""
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


@lru_cache(4096)
def network(cidr: str) -> IPv4Network | IPv6Network:
    return ip_network(cidr)


@lru_cache(4096)
def authority_of(stored: str | None) -> TokenGrant | None:
    """As the column holds it: the same few texts come with every request."""
    return msgspec.json.decode(stored, type=TokenGrant) if stored else None


def stored(authority: TokenGrant) -> str:
    # In one order, so that what is the same is the same text.
    return msgspec.json.encode(authority, order="deterministic").decode()
