"""Whose an address is, for counting: what one subscriber has is one."""

from ipaddress import IPv6Address, ip_address, ip_network

UNKNOWN = "unknown"


def network_of(address: str | None) -> str:
    """What one subscriber has: an IPv4 address, or the /64 of an IPv6 one."""
    if not address:
        return UNKNOWN
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    # A socket that speaks both says ::ffff:203.0.113.5, and all of IPv4 is one /64 there.
    return str(parsed.ipv4_mapped or ip_network(f"{parsed}/64", strict=False))
