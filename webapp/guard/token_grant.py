"""TokenGrant: scopes and restrictions of a token, stored in its row, so that a change applies at once."""

import ipaddress
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Literal, NamedTuple

import msgspec

Bound = Literal["resource", "method", "network"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
MAX_PER_MINUTE = 100_000
# A token restricted to GET may also use these.
READS = {"HEAD": "GET", "OPTIONS": "GET"}


class TokenGrant(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a token may do. An empty restriction does not restrict; empty scopes permit nothing."""

    scopes: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    """URL rules of routes, such as ``/protected/admin``."""
    methods: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()
    """Networks from which it may be used, in CIDR notation."""
    per_minute: int | None = None
    """Maximum number of requests per minute."""
    counted_as: str | None = None
    """Id (hex) of the first of several rotated tokens: their requests are counted together."""
    jkt: str | None = None
    """Thumbprint of the key that each request must prove (RFC 9449 §6)."""
    client: str | None = None
    """``client_id`` of the app that it was issued to; None for tokens of people and scripts."""
    roles: frozenset[str] = frozenset()
    """Roles of which its user must have one at each request, because the app is for these; empty for none."""
    audiences: tuple[str, ...] = ()
    """Services that it is for (RFC 8707); empty for this site. Only the grant of a refresh family may have several."""

    @property
    def is_bounded(self) -> bool:
        return bool(self.networks or self.methods or self.resources)

    @property
    def is_limited(self) -> bool:
        """Whether it has any restriction besides scopes and key; most tokens have none."""
        return bool(self.networks or self.methods or self.resources or self.per_minute)


class Call(NamedTuple):
    """Path and method of a request, and the IP address it comes from."""

    method: str
    resource: str
    """The rule of its route."""
    ip_address: str | None


def exceeded(grant: TokenGrant, call: Call) -> Bound | None:
    """The first restriction that a call violates; None if it violates none."""
    if grant.networks and not is_within(call.ip_address, grant.networks):
        return "network"
    if grant.methods and READS.get(call.method, call.method) not in grant.methods:
        return "method"
    if grant.resources and call.resource not in grant.resources:
        return "resource"
    return None


def is_within(ip_address: str | None, networks: tuple[str, ...]) -> bool:
    """Whether an IP address is in one of these networks (CIDR)."""
    try:
        caller = unmapped(ipaddress.ip_address(ip_address or ""))
    except ValueError:
        return False
    return any(caller in network(cidr) for cidr in networks)


def unmapped(ip_address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """An IPv4-mapped IP address as IPv4: a dual-stack socket reports 203.0.113.5 as ::ffff:203.0.113.5."""
    return ip_address.ipv4_mapped or ip_address if isinstance(ip_address, IPv6Address) else ip_address


@lru_cache(4096)
def network(cidr: str) -> IPv4Network | IPv6Network:
    """A network from CIDR notation; cached."""
    return ip_network(cidr)


@lru_cache(4096)
def grant_of(stored: str | None) -> TokenGrant | None:
    """The grant from the text in the database; cached, because few different texts come with every request."""
    return msgspec.json.decode(stored, type=TokenGrant) if stored else None


def stored(grant: TokenGrant) -> str:
    """The text of a grant for the database."""
    # Deterministic order, so that equal grants give equal texts.
    return msgspec.json.encode(grant, order="deterministic").decode()
