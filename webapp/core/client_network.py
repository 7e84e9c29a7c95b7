"""The network of an IP address, by which rate limits and fair sharing count clients."""

import ipaddress
from ipaddress import IPv6Address, ip_network

UNKNOWN = "unknown"


def network_of(ip_address: str | None) -> str:
    """The IPv4 address, or the /64 of an IPv6 address: what one subscriber usually has."""
    if not ip_address:
        return UNKNOWN
    try:
        parsed = ipaddress.ip_address(ip_address)
    except ValueError:
        return UNKNOWN
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    # A dual-stack socket reports IPv4 as ::ffff:203.0.113.5, where all of IPv4 would be one /64.
    return str(parsed.ipv4_mapped or ip_network(f"{parsed}/64", strict=False))
