"""Names and attributes of cookies: bound to this site, or to its path where others share the host."""

from typing import Any

from flask import current_app

UNREADABLE = "webapp.cookies_unreadable"
"""WSGI environ key: the ``Unavailable`` for which this process knows no key of cookies yet."""


def prefixed(name: str) -> str:
    """``name`` with ``__Host-`` on https sites, or ``__Secure-`` on those below a path (RFC 6265bis §4.1.3)."""
    prefix: str = current_app.config["COOKIE_PREFIX"]
    return prefix + name


def cookie_attributes() -> dict[str, Any]:
    """``Path`` and ``Secure``, as of the session cookie."""
    config = current_app.config
    return {"path": config["SESSION_COOKIE_PATH"], "secure": config["SESSION_COOKIE_SECURE"]}
