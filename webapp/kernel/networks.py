"""Whose an address is, for counting: what one subscriber has is one."""

from ipaddress import IPv6Address, ip_address, ip_network


def network_of(address: str | None) -> str:
    """What one subscriber has: an IPv4 address, or the /64 of an IPv6 one."""
    if not address:
        return "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network(f"{parsed}/64", strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
