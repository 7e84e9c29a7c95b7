"""Cookies at the host of an app: for that host alone, so that no other host can read or set them."""

STATE_LIFETIME = 600
"""Seconds that a browser has to log in, from the first request to an app."""
LONGEST = 64
"""Characters of a secret in a cookie."""


def login_cookie(scheme: str) -> str:
    """Name of the cookie of a login at a host."""
    return prefix(scheme) + "latchkey-app"


def state_cookie(scheme: str) -> str:
    """Name of the cookie that ties a login on its way to the browser that began it."""
    return prefix(scheme) + "latchkey-login"


def prefix(scheme: str) -> str:
    # RFC 6265bis §4.1.3.2: only for this host, and only over TLS.
    return "__Host-" if scheme == "https" else ""
