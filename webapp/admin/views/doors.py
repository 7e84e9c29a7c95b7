"""Who comes in here: admins, and their scripts; whoever gives or takes something has just proven who they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from webapp.guard import require

FRESH = timedelta(minutes=10)
Wear = Callable[[Callable[..., Any]], Callable[..., Any]]


def read(role: str = "admin") -> Wear:
    return require(role=role, scope="admin:read")


def fill_in(role: str = "admin") -> Wear:
    """A page to fill in: for people, and asked for a proof before they have typed anything."""
    return require(role=role, session=True, fresh_within=FRESH)


def change(role: str = "admin") -> Wear:
    """A token that carries the scope was given for this; a session may have been left open."""
    return require(role=role, scope="admin:write", fresh_within=FRESH, spares_tokens=True)


def tend() -> Wear:
    """What gives nobody anything, such as sending a mail again."""
    return require(role="admin", scope="admin:write")
