"""Policies of a client: which level a login must reach, and which roles of its users it gets."""

from collections.abc import Iterable

from webapp.guard.assurance import BY_ACR, Level, level_of
from webapp.oauth.models import OAuthClient


def demanded_level(client: OAuthClient) -> Level:
    return BY_ACR.get(client.demanded_level, Level.ONE)


def is_proven(client: OAuthClient, amr: str) -> bool:
    """Whether a login with these methods (RFC 8176) reaches the level that a client demands."""
    return level_of(amr) >= demanded_level(client)


def groups_of(client: OAuthClient | None, roles: Iterable[str]) -> list[str]:
    """The roles of a user that a client gets.

    Args:
        client: None for a token of no client.
    """
    if client is not None and client.hides_groups:
        return []
    allowed = client.group_roles if client is not None else []
    return [role for role in roles if not allowed or role in allowed]
