"""IdentityHeaders: who the user is, for the app: plain headers, and a signed assertion that cannot be forged."""

import re
from collections import OrderedDict

from webapp.core import jwt
from webapp.core.clock import seconds
from webapp.core.keys import KeyRing
from webapp.core.short_cache import LONGEST
from webapp.forward_auth.credential_query import StoredCredential
from webapp.forward_auth.original_request import OriginalRequest

TYP = "forward-auth+jwt"
LIFETIME = 60
"""Seconds for which an assertion is valid."""
REUSED = 20
"""Seconds for which it is sent again for the same request: signing takes longer than the rest of a check."""
MOST_REMEMBERED = 2048
USER, EMAIL, NAME, GROUPS, ASSERTION = (
    "Remote-User",
    "Remote-Email",
    "Remote-Name",
    "Remote-Groups",
    "X-Latchkey-Assertion",
)
CONTROL = re.compile(r"[\x00-\x1f\x7f]")

Headers = list[tuple[str, str]]

NOBODY: Headers = [(name, "") for name in (USER, EMAIL, NAME, GROUPS, ASSERTION)]
"""Always sent, since some proxies pass on the client's own header where they get none."""


class IdentityHeaders:
    """Builds the ``Remote-*`` headers and the signed assertion that tell an app who the user is.

    Args:
        issuer: URL of the site.
    """

    def __init__(self, ring: KeyRing, issuer: str) -> None:
        self._ring, self._issuer = ring, issuer
        self._known: OrderedDict[tuple[object, ...], tuple[float, Headers]] = OrderedDict()

    def of(self, found: StoredCredential, original: OriginalRequest) -> Headers:
        """The headers for a user and a request; the assertion is for this request alone: host, method and path."""
        row, moment, key = found.row, seconds(), self._ring.view().current
        verified = found.email if found.email and found.email_verified_at else ""
        cache_key = (
            *(row.user_id, row.username, verified, found.display_name, row.roles, row.amr, row.auth_time),
            *(original.scheme, original.host, original.method, original.raw_path, key.kid),
        )
        cached = self._known.get(cache_key)
        if cached is not None and 0 <= moment - cached[0] < REUSED:
            return cached[1]
        claims = {
            "iss": self._issuer,
            "aud": original.origin,
            "sub": str(row.user_id),
            "iat": int(moment),
            "exp": int(moment) + LIFETIME,
            "htm": original.method,
            "path": original.raw_path,
            "preferred_username": row.username,
            "email": verified,
            "name": found.display_name or row.username,
            "groups": row.roles,
            "amr": row.amr.split(),
            "auth_time": int(row.auth_time.timestamp()),
        }
        headers = [
            (USER, header_text(row.username)),
            (EMAIL, header_text(verified)),
            (NAME, header_text(found.display_name or row.username)),
            (GROUPS, ",".join(row.roles)),
            (ASSERTION, jwt.sign(claims, typ=TYP, key=key)),
        ]
        if len(original.raw_path) <= LONGEST:
            self._known[cache_key] = moment, headers
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)
        return headers


def header_text(text: str) -> str:
    """UTF-8 in the form of WSGI (PEP 3333), without control characters."""
    return text if text.isascii() and text.isprintable() else CONTROL.sub("", text).encode().decode("latin-1")
