"""Who comes in here: admins, and their scripts; whoever changes something has just proven who they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from webapp.guard import require

FRESH = timedelta(minutes=10)
Wear = Callable[[Callable[..., Any]], Callable[..., Any]]


def read(role: str = "admin") -> Wear:
    return require(role=role, scope="admin:read")


def change(role: str = "admin", scope: str = "admin:write") -> Wear:
    """A token that carries the scope was given for this; a session may have been left open."""
    return require(role=role, scope=scope, fresh_within=FRESH, spares_tokens=True)
