"""How the caller likes pages: their time zone and their theme, which came with their standing."""

from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import g

from webapp.guard import login_manager
from webapp.guard.principal import NotAccepted, Principal

AUTOMATIC = "auto"


def theme() -> str | None:
    """``light`` or ``dark`` if they chose; None for whatever their machine says."""
    try:
        principal = login_manager.caller()
    except NotAccepted:
        return None
    return principal.theme if principal and principal.theme != AUTOMATIC else None


def zone_name() -> str:
    # Nobody is looked up for it: a mail is written for others, in a context where nobody was recognised.
    principal = g.get("caller")
    return principal.time_zone if isinstance(principal, Principal) else "UTC"


def zone() -> tzinfo:
    return zone_named(zone_name())


@lru_cache(64)
def zone_named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # Chosen on a machine that knew it.
        return UTC
