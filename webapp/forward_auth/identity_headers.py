"""IdentityHeaders: who the user is, for the app: plain headers, and a signed assertion that cannot be forged."""

import re
from collections import OrderedDict
from typing import NamedTuple

from webapp.core import jwt
from webapp.core.clock import seconds
from webapp.core.keys import KeyRing
from webapp.forward_auth.credential_query import Found
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


class Person(NamedTuple):
    """What an app learns of its user."""

    subject: str
    username: str
    email: str
    """Empty if there is none, or if it is not verified."""
    name: str
    groups: tuple[str, ...]
    amr: str
    auth_time: int

    @classmethod
    def of(cls, found: Found) -> "Person":
        row = found.row
        email = found.email if found.email and found.email_verified_at else ""
        name = found.display_name or row.username
        return cls(str(row.user_id), row.username, email, name, row.roles, row.amr, int(row.auth_time.timestamp()))


class IdentityHeaders:
    """
    Args:
        issuer: URL of the site.
    """

    def __init__(self, ring: KeyRing, issuer: str) -> None:
        self._ring, self._issuer = ring, issuer
        self._signed: OrderedDict[tuple[Person, str, str, str, str], tuple[float, str]] = OrderedDict()

    def of(self, person: Person, asked: OriginalRequest) -> Headers:
        return [
            (USER, header_text(person.username)),
            (EMAIL, header_text(person.email)),
            (NAME, header_text(person.name)),
            (GROUPS, ",".join(person.groups)),
            (ASSERTION, self.assertion(person, asked)),
        ]

    def assertion(self, person: Person, asked: OriginalRequest) -> str:
        """A JWT for this user and this request alone: host, method and path."""
        moment = seconds()
        current = self._ring.view().current
        wanted = (person, asked.origin, asked.method, asked.raw_path, current.kid)
        known = self._signed.get(wanted)
        if known is not None and 0 <= moment - known[0] < REUSED:
            return known[1]
        claims = {
            "iss": self._issuer,
            "aud": asked.origin,
            "sub": person.subject,
            "iat": int(moment),
            "exp": int(moment) + LIFETIME,
            "htm": asked.method,
            "path": asked.raw_path,
            "preferred_username": person.username,
            "email": person.email,
            "name": person.name,
            "groups": person.groups,
            "amr": person.amr.split(),
            "auth_time": person.auth_time,
        }
        signed = jwt.sign(claims, typ=TYP, key=current)
        self._signed[wanted] = moment, signed
        if len(self._signed) > MOST_REMEMBERED:
            self._signed.popitem(last=False)
        return signed


def header_text(text: str) -> str:
    """UTF-8 in the form of WSGI (PEP 3333), without control characters."""
    return text if text.isascii() and text.isprintable() else CONTROL.sub("", text).encode().decode("latin-1")
