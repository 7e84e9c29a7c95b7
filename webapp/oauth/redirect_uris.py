"""checked(): which redirect URIs a client may register; is_registered(): whether a request names one of them."""

import re
from collections.abc import Iterable
from urllib.parse import SplitResult, urlsplit

from webapp.core.translation import _
from webapp.settings.urls import is_loopback

LONGEST = 500
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
"""Hosts of apps whose port the operating system chooses."""
PLAIN = re.compile(r"[!-~]+")
# A private-use scheme is a domain name in reverse order (RFC 8252 §7.1), so it has a dot.
PRIVATE_USE = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+")


class InvalidRedirectUri(Exception):
    """The URI cannot be registered; the message says why, for the person who enters it."""


def checked(uri: str) -> str:
    """``uri`` if it can be registered.

    Raises:
        InvalidRedirectUri: it is not absolute, has a fragment or credentials, or a scheme without protection.
    """
    uri = uri.strip()
    parts = split(uri)
    if parts is None or len(uri) > LONGEST or not parts.scheme:
        raise InvalidRedirectUri(_("Enter a complete URL, such as https://app.example.org/callback."))
    if "#" in uri or parts.username is not None or "*" in parts.netloc:
        raise InvalidRedirectUri(_("A redirect URI has no fragment, no user name and no wildcard."))
    if parts.scheme == "https" and parts.hostname:
        return uri
    if parts.scheme == "http" and is_loopback(parts.hostname or ""):
        return uri
    if PRIVATE_USE.fullmatch(parts.scheme):
        return uri
    raise InvalidRedirectUri(
        _(
            "Use https, or for apps on a computer or phone http://127.0.0.1 or a scheme of your own domain, such as "
            "org.example.app:/callback."
        )
    )


def split(uri: str) -> SplitResult | None:
    """The parts of a URI; None for what is no URI."""
    try:
        parts = urlsplit(uri)
        _port = parts.port
    except ValueError:
        return None
    return parts if PLAIN.fullmatch(uri) and "\\" not in uri else None


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Whether a request may name ``uri``: it is compared as a string (RFC 9700 §2.1), except for a loopback port."""
    registered_uris = set(registered)
    return uri in registered_uris or without_port(uri) in {without_port(one) for one in registered_uris} - {None}


def without_port(uri: str) -> str | None:
    """A loopback URI without its port, which the operating system chooses (RFC 8252 §7.3); None for any other."""
    parts = split(uri)
    if parts is None or parts.scheme != "http" or parts.hostname not in LOOPBACK or parts.username is not None:
        return None
    return parts._replace(netloc=parts.hostname or "").geturl()
