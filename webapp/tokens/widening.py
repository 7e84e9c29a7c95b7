"""is_wider(): whether a change gives a token more permissions or a later expiry; a pure function."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, collapse_addresses

from webapp.guard.token_grant import TokenGrant, network


@dataclass(frozen=True, slots=True)
class Bounds:
    """Permissions and expiry of a token."""

    grant: TokenGrant
    expires_at: datetime


def is_wider(before: Bounds, after: Bounds) -> bool:
    """Whether ``after`` permits anything that ``before`` did not, or expires later."""
    old, new = before.grant, after.grant
    return (
        bool(new.scopes - old.scopes)
        or is_wider_set(old.resources, new.resources)
        or is_wider_set(old.methods, new.methods)
        or are_wider_networks(old.networks, new.networks)
        or (old.per_minute is not None and (new.per_minute is None or new.per_minute > old.per_minute))
        # With another key, another client can use it.
        or (old.jkt is not None and new.jkt != old.jkt)
        or after.expires_at > before.expires_at
    )


def is_wider_set(old: AbstractSet[str], new: AbstractSet[str]) -> bool:
    """Whether a restriction permits anything that the old one did not; an empty one permits everything."""
    return bool(old) and (not new or not new <= old)


def are_wider_networks(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Whether the new networks contain IP addresses that the old ones, taken together, do not."""
    if not old:
        return False
    return not new or not all(is_inside(network(cidr), old) for cidr in new)


def is_inside(requested_network: IPv4Network | IPv6Network, cidrs: tuple[str, ...]) -> bool:
    if isinstance(requested_network, IPv4Network):
        fours = [own_network for own_network in map(network, cidrs) if isinstance(own_network, IPv4Network)]
        return any(requested_network.subnet_of(own_network) for own_network in collapse_addresses(fours))
    sixes = [own_network for own_network in map(network, cidrs) if isinstance(own_network, IPv6Network)]
    return any(requested_network.subnet_of(own_network) for own_network in collapse_addresses(sixes))
