"""Parses the networks from which a token may be used, as users enter them."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network

from webapp.core.translation import _

MAX_NETWORKS = 20
Network = IPv4Network | IPv6Network
# IPv4-mapped IPv6 addresses: ::ffff:10.0.0.7 is 10.0.0.7 (RFC 4291 §2.5.5.2).
MAPPED = IPv6Network("::ffff:0:0/96")


class InvalidNetwork(Exception):
    """The input is not a network; the message is for the user."""


def networks_of(words: Iterable[str]) -> tuple[str, ...]:
    """Networks in CIDR notation, as they are stored and compared: canonical, without duplicates.

    Raises:
        InvalidNetwork
    """
    found = dict.fromkeys(str(network_of(word)) for word in words)
    if len(found) > MAX_NETWORKS:
        raise InvalidNetwork(
            _("Enter at most %(most)s networks. You entered %(count)s.", most=MAX_NETWORKS, count=len(found))
        )
    return tuple(found)


def network_of(word: str) -> Network:
    shortened = word if len(word) <= 50 else word[:50] + "…"
    try:
        enclosing = unmapped(ip_network(word, strict=False))
    except ValueError:
        enclosing = None
    # A zone ("%eth0") has a meaning only on one machine.
    if enclosing is None or "%" in word:
        raise InvalidNetwork(
            _("%(network)s is not a network. Use 10.0.0.0/8, 2001:db8::/32 or a single IP address.", network=shortened)
        )
    try:
        ip_network(word)
    except ValueError:
        raise InvalidNetwork(
            _(
                "%(ip_address)s is an IP address inside a network, not the network itself. The network is %(network)s.",
                ip_address=shortened,
                network=enclosing,
            )
        ) from None
    return enclosing


def unmapped(network: Network) -> Network:
    if isinstance(network, IPv4Network) or not network.overlaps(MAPPED):
        return network
    if network.prefixlen == 0:
        # ::/0 means all of IPv6; it does not include IPv4 clients.
        return network
    if network.prefixlen < MAPPED.prefixlen:
        raise InvalidNetwork(
            _("%(network)s mixes IPv4-mapped and other IPv6 addresses. Enter them separately.", network=network)
        )
    mapped = network.network_address.ipv4_mapped
    return IPv4Network((int(mapped), network.prefixlen - MAPPED.prefixlen)) if mapped else network
