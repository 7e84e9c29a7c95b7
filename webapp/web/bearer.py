"""presented(): the token of a request, from ``Authorization`` (Bearer, DPoP, Basic) or where settings allow it."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Container
from string import ascii_letters, digits
from typing import NamedTuple
from uuid import UUID

from flask import Request, current_app, request

from webapp.web.unproxied import unproxied

PRESENTED = "webapp.presented"
"""WSGI environ key: the ``PresentedToken`` of this request, once it was read."""
TOKEN_END = "webapp.token_ends"
"""WSGI environ key: expiry and days left of the accepted token, set by the guard for the response headers."""
# Characters of a token before its padding (RFC 6750 §2.1).
B64TOKEN = (ascii_letters + digits + "-._~+/").encode()


class PresentedToken(NamedTuple):
    """The token that a request presents; ``token`` is None if what was sent cannot be one."""

    token: str | None
    is_ambient: bool = False
    """Browsers send it by themselves (Basic, cookie), so a change needs protection against CSRF."""
    is_dpop: bool = False
    """Sent under the DPoP scheme: the token is bound to a key (RFC 9449 §7.1)."""
    is_in_query: bool = False
    """It is part of the URL, so caches may store it together with the response."""
    is_in_cookie: bool = False
    """Set by ``guard/token_cookie``, if ``TOKEN_LOCATIONS`` includes the cookie."""
    token_id: UUID | None = None
    """Set by ``guard/own_authenticators``: the id of a token that was not sent itself."""


def presented(request: Request = request) -> PresentedToken | None:
    """The token that a request presents apart from a cookie, or None (RFC 6750 §2, RFC 7617); read once per request."""
    environ = request.environ
    if PRESENTED not in environ:
        # Most requests of browsers have no token, and this is called several times for each.
        has_query = "token=" in environ.get("QUERY_STRING", "")
        if "HTTP_AUTHORIZATION" not in environ and not has_query:
            return None
        credential = read(request, locations(request))
        is_matched = request.url_rule is not None or request.routing_exception is not None
        if has_query and not is_matched and not (credential and credential.is_in_query):
            # Flask opens the session before it knows the route, which may accept a token in the query.
            return credential
        environ[PRESENTED] = credential
    found: PresentedToken | None = environ[PRESENTED]
    return found


def locations(request: Request = request) -> frozenset[str]:
    """Where this request may have its token: as settings say, and in the query if its route says so."""
    config = unproxied(current_app).config
    everywhere: frozenset[str] = config["TOKEN_LOCATIONS"]
    has_query = request.environ.get("QUERY_STRING", "") != ""
    return everywhere | {"query"} if has_query and config["IS_QUERY_ROUTE"](request) else everywhere


def read(request: Request, locations: Container[str]) -> PresentedToken | None:
    """Parse the token of a request, without the cache of ``presented``.

    Args:
        locations: where tokens are accepted: ``header``, ``query``.
    """
    in_query = "query" in locations
    header = request.environ.get("HTTP_AUTHORIZATION")
    from_query = request.args.getlist("token") if in_query and request.method == "GET" and request.query_string else []
    if header is None:
        return PresentedToken(token_or_none(",".join(from_query)), is_in_query=True) if from_query else None
    # Split at any white space. The grammar allows no tab, but a client that sends one means its token, not its cookie.
    scheme, rest = (*header.split(maxsplit=1), "", "")[:2]
    scheme = scheme.lower()
    if scheme in ("bearer", "dpop", "basic") and "header" not in locations:
        # Refused, not ignored: the request must not be authenticated by its cookie instead.
        return PresentedToken(None)
    if scheme in ("bearer", "dpop"):
        # A client must not use two methods at once (RFC 6750 §2).
        token = None if from_query else token_or_none(rest.rstrip())
        return PresentedToken(token, is_dpop=scheme == "dpop", is_in_query=bool(from_query))
    if scheme == "basic":
        return PresentedToken(token_or_none(basic_credentials(rest.rstrip())[1]), is_ambient=True)
    return None


def token_or_none(text: str) -> str | None:
    """``text`` if it has the syntax of a bearer token (``b64token``, RFC 6750 §2.1)."""
    unpadded = text.rstrip("=")
    # Five times as fast as a regular expression, and called for every request with a token.
    return text if unpadded and not unpadded.encode(errors="replace").translate(None, B64TOKEN) else None


def basic_credentials(text: str) -> tuple[str, str]:
    """User name and password in Basic credentials (RFC 7617 §2); empty if they cannot be decoded."""
    try:
        username, _colon, password = b64decode(text, validate=True).decode().partition(":")
    except (NotBase64, UnicodeDecodeError, ValueError):
        return "", ""
    return username, password


def realm(scheme: str = "Bearer") -> str:
    """The start of each ``WWW-Authenticate`` challenge: scheme and realm.

    The realm is the name of the site without what a quoted string cannot hold (RFC 9110 §5.6.4).
    """
    plain = re.sub(r'[^ -~]|["\\]', "?", current_app.config["SITE_NAME"])
    return f'{scheme} realm="{plain}"'
