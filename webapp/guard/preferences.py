"""Preferences of the caller for pages: language, time zone and theme, read with their credential."""

from datetime import UTC, tzinfo
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import g, request

from webapp.guard import login_manager
from webapp.guard.principal import NotAccepted, Principal
from webapp.web.i18n import AUTOMATIC
from webapp.web.negotiation import is_browser
from webapp.web.unproxied import unproxied


def theme() -> str | None:
    """``light`` or ``dark`` if the user chose one; None to follow the operating system."""
    try:
        principal = login_manager.caller()
    except NotAccepted:
        return None
    return principal.theme if principal and principal.theme != AUTOMATIC else None


def language() -> str:
    """The language setting of the caller's account; ``auto`` for tokens and anonymous requests."""
    # Scripts are not authenticated just for this, so that refusing their requests needs no query.
    if not request or ("caller" not in unproxied(g) and not is_browser()):
        return AUTOMATIC
    try:
        principal = login_manager.caller()
    except NotAccepted:
        return AUTOMATIC
    return principal.language if principal and principal.credential == "session" else AUTOMATIC


def caller_id() -> UUID | None:
    """The account of the caller, if one was recognised."""
    principal = g.get("caller") if request else None
    return principal.user_id if isinstance(principal, Principal) else None


def zone_name() -> str:
    """The IANA name of the time zone of the caller, or of the recipient of the mail that is rendered; else ``UTC``."""
    # The caller is not authenticated just for this. A mail is rendered in its own context, without a caller.
    principal = g.get("caller")
    return principal.time_zone if isinstance(principal, Principal) else g.get("mail_time_zone", "UTC")


def zone() -> tzinfo:
    """The time zone of the caller, or of the recipient of a mail; else UTC."""
    return zone_named(zone_name())


@lru_cache(64)
def zone_named(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        # The time zone database of this machine lacks it.
        return UTC
