"""Sign and verify JWTs. ``typ``, ``iss`` and ``aud`` are always required."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt as pyjwt

from webapp.core.keys import KeyRing, SigningKey
from webapp.verify import Expired, Invalid, Key, TokenError, claims_of

__all__ = ["Expired", "Invalid", "TokenError", "sign", "verify"]


def sign(claims: Mapping[str, Any], *, typ: str, key: SigningKey) -> str:
    if key.private is None or not key.may_sign:
        raise ValueError("a retired key must not sign")
    return pyjwt.encode(dict(claims), key.private, algorithm=key.algorithm, headers={"typ": typ, "kid": key.kid})


def verify(
    token: str, *, typ: str, issuer: str, audience: str, ring: KeyRing, leeway: timedelta = timedelta(seconds=5)
) -> dict[str, Any]:
    """The claims of a valid token of this site, checked with the same code as in ``webapp.verify``.

    Args:
        leeway: how far another host's clock may be ahead of ours; not applied to the expiry.

    Raises:
        Expired: it was valid, but has expired.
        Invalid: it is not valid, or its key was removed.
    """

    def key_named(kid: str) -> Key:
        key = ring.find(kid)
        if key is None:
            raise Invalid("kid is unknown")
        return Key(key.algorithm, key.verifying)

    return claims_of(
        token, typ=typ, issuer=issuer, audience=audience, leeway=leeway.total_seconds(), key_named=key_named
    )
