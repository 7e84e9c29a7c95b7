"""The token of a request: in the header, as the password of Basic, or, where allowed, elsewhere."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Container
from string import ascii_letters, digits
from typing import NamedTuple

from flask import Request, current_app, request

KEPT = "webapp.presented"
# Where the guard leaves when the token that it let in ends, and in how many days, for every answer to say.
ENDS = "webapp.token_ends"
# What a token is made of, before its padding (RFC 6750 §2.1).
B64TOKEN = (ascii_letters + digits + "-._~+/").encode()


class Presented(NamedTuple):
    """A credential that a script brought; ``token`` is None where it cannot be one."""

    token: str | None
    is_sent_unasked: bool = False
    """Browsers repeat Basic credentials by themselves, so a change from another site must be refused."""
    is_dpop: bool = False
    """Sent as a token that is bound to a key (RFC 9449 §7.1)."""
    is_in_query: bool = False
    """What an address carries, caches on the way may keep with its answer."""
    is_in_cookie: bool = False
    """Set by ``guard/token_cookie``, where the setting names the cookie."""


def presented(asked: Request = request) -> Presented | None:
    """What a request brings beside its cookie, or None. RFC 6750 §2, RFC 7617."""
    environ = asked.environ
    if KEPT not in environ:
        # Most browsers' requests bring nothing, and this is asked of each of them more than once.
        if "HTTP_AUTHORIZATION" not in environ and "token=" not in environ.get("QUERY_STRING", ""):
            return None
        environ[KEPT] = read(asked, current_app.config["TOKEN_LOCATIONS"])
    found: Presented | None = environ[KEPT]
    return found


def read(request: Request, locations: Container[str]) -> Presented | None:
    in_query = "query" in locations
    header = request.environ.get("HTTP_AUTHORIZATION")
    from_query = request.args.getlist("token") if in_query and request.method == "GET" and request.query_string else []
    if header is None:
        return Presented(token_or_none(",".join(from_query)), is_in_query=True) if from_query else None
    # At any white space: a tab is not what the grammar asks, but who writes one means a token, and not their cookie.
    scheme, rest = (*header.split(maxsplit=1), "", "")[:2]
    scheme = scheme.lower()
    if scheme in ("bearer", "dpop", "basic") and "header" not in locations:
        # Refused rather than ignored: who brings a token does not mean their cookie.
        return Presented(None)
    if scheme in ("bearer", "dpop"):
        # Two ways of sending one are as doubtful as two tokens (RFC 6750 §2).
        token = None if from_query else token_or_none(rest.rstrip())
        return Presented(token, is_dpop=scheme == "dpop", is_in_query=bool(from_query))
    if scheme == "basic":
        return Presented(token_or_none(basic_password(rest.rstrip())), is_sent_unasked=True)
    return None


def token_or_none(text: str) -> str | None:
    told = text.rstrip("=")
    # Taking out what may be there is five times as quick as a pattern, and every request with a token asks.
    return text if told and not told.encode(errors="replace").translate(None, B64TOKEN) else None


def basic_password(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode().partition(":")[2]
    except (NotBase64, UnicodeDecodeError, ValueError):
        return ""


def realm(scheme: str = "Bearer") -> str:
    """The challenge that all others begin with; a header holds less than the name of a house may (RFC 9110 §5.6.4)."""
    plain = re.sub(r'[^ -~]|["\\]', "?", current_app.config["SITE_NAME"])
    return f'{scheme} realm="{plain}"'
