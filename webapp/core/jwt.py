"""Sign and verify JWTs. ``typ``, ``iss`` and ``aud`` are always required."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import jwt as pyjwt

from webapp.core.keys import KeyRing, SigningKey
from webapp.verify import Expired, Invalid, Key, TokenError, claims_of, read

__all__ = ["Expired", "Invalid", "OtherIssuer", "TokenError", "issuer_of", "sign", "verify"]

# Errors that PyJWT raises only after the signature was verified.
AFTER_THE_SIGNATURE = {"InvalidIssuerError", "InvalidAudienceError", "MissingRequiredClaimError", "InvalidSubjectError"}


class OtherIssuer(Invalid):
    """Signed with a key of this site, for itself, but under a URL that it does not know; the message is that URL."""


def sign(claims: Mapping[str, Any], *, typ: str, key: SigningKey, headers: Mapping[str, str] | None = None) -> str:
    """Sign a JWT (RFC 7519) with a key's algorithm; ``typ`` and ``kid`` are in the header.

    Args:
        headers: further members of the header, with names that ``verify`` accepts.
    """
    if key.private is None or not key.may_sign:
        raise ValueError("a retired key must not sign")
    return pyjwt.encode(
        dict(claims), key.private, algorithm=key.algorithm, headers={**(headers or {}), "typ": typ, "kid": key.kid}
    )


def verify(
    token: str, *, typ: str, issuer: str, audience: str, ring: KeyRing, leeway: timedelta = timedelta(seconds=5)
) -> dict[str, Any]:
    """The claims of a valid token of this site, checked with the same code as in ``webapp.verify``.

    Args:
        leeway: how far another host's clock may be ahead of ours; not applied to the expiry.

    Raises:
        Expired: it was valid, but has expired.
        OtherIssuer: it was issued under another URL of this site.
        Invalid: it is not valid, or its key was removed.
    """

    def key_named(kid: str) -> Key:
        key = ring.find(kid)
        if key is None:
            raise Invalid("kid is unknown")
        return Key(key.algorithm, key.verifying)

    try:
        return claims_of(
            token, typ=typ, issuer=issuer, audience=audience, leeway=leeway.total_seconds(), find_key=key_named
        )
    except Invalid as error:
        if str(error) in AFTER_THE_SIGNATURE and (other := read(token)[1])["iss"] == other["aud"] != issuer:
            raise OtherIssuer(other["iss"]) from error
        raise


def issuer_of(token: str, *, own: str, former: Collection[str]) -> str:
    """The URL of this site under which a token says it was issued: ``own``, unless it names one of ``former``.

    Nothing is verified yet.
    """
    try:
        claimed = read(token)[1].get("iss") if former else own
    except Invalid:
        return own
    return claimed if isinstance(claimed, str) and claimed in former else own
