"""Cookies at the host of an app: for that host alone, so that no other host can read or set them."""

STATE_LIFETIME = 600
"""Seconds that a browser has to log in, from the first request to an app."""
LONGEST = 64
"""Characters of a secret in a cookie."""
# RFC 6265bis §4.1.3.2: only for this host, and only over TLS.
LOGIN = {"http": "latchkey-app", "https": "__Host-latchkey-app"}
STATE = {"http": "latchkey-login", "https": "__Host-latchkey-login"}


def login_cookie(scheme: str) -> str:
    """Name of the cookie of a login at a host."""
    return LOGIN[scheme]


def state_cookie(scheme: str) -> str:
    """Name of the cookie that ties a login on its way to the browser that began it."""
    return STATE[scheme]


def is_sent_twice(header: str | None, scheme: str) -> bool:
    """Whether a script of the app has set cookies with our names for a path; over TLS browsers refuse that.

    Args:
        header: ``Cookie``.
    """
    return header is not None and (header.count(LOGIN[scheme] + "=") > 1 or header.count(STATE[scheme] + "=") > 1)
