"""Sign and verify tokens: never without typ, iss and aud, and only as we write them ourselves."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import jwt as pyjwt

from webapp.kernel import clock
from webapp.kernel.jws_reading import Expired, Invalid, TokenError, read
from webapp.kernel.keys import KeyRing, SigningKey

__all__ = ["Expired", "Invalid", "TokenError", "sign", "verify"]

REQUIRED = ("exp", "iat", "iss", "aud", "sub", "jti")
TIMES = ("exp", "iat", "nbf")
TEXTS = ("iss", "sub", "jti", "aud", "client_id", "scope")

# The last second of the year 9999: what is later, no date can hold.
END_OF_TIME = 253402300799


def sign(claims: Mapping[str, Any], *, typ: str, key: SigningKey) -> str:
    if key.private is None or not key.may_sign:
        raise ValueError("a retired key signs nothing")
    return pyjwt.encode(dict(claims), key.private, algorithm=key.algorithm, headers={"typ": typ, "kid": key.kid})


def verify(
    token: str, *, typ: str, issuer: str, audience: str, ring: KeyRing, leeway: timedelta = timedelta(seconds=5)
) -> dict[str, Any]:
    """The claims of a token that is ours, whole and in time.

    What PyJWT forgives or does not look at is refused before it is asked (RFC 8725 §3).

    Args:
        leeway: how far another host's clock may be ahead of ours; the expiry knows none.

    Raises:
        Expired: it was good once.
        Invalid: it never was, or its key is gone.
    """
    header, claims = read(token)
    key = key_named(header, typ=typ, ring=ring)
    for rule in (has_what_is_required, has_times_as_numbers, has_texts_as_texts):
        rule(claims)
    has_our_signature(token, key, issuer=issuer, audience=audience, leeway=leeway)
    is_in_time(claims, leeway=leeway)
    return claims


def key_named(header: dict[str, Any], *, typ: str, ring: KeyRing) -> SigningKey:
    """The header chooses among our keys, and nothing else: neither the algorithm nor the key comes from the token."""
    if set(header) != {"typ", "alg", "kid"}:
        raise Invalid("header has other members than typ, alg and kid")
    if header["typ"] != typ:
        raise Invalid("typ is another")
    key = ring.find(header["kid"]) if isinstance(header["kid"], str) else None
    if key is None:
        raise Invalid("kid is unknown")
    if header["alg"] != key.algorithm:
        raise Invalid("alg is not that of the key")
    return key


def has_what_is_required(claims: dict[str, Any]) -> None:
    for name in REQUIRED:
        if name not in claims:
            raise Invalid(f"{name} is missing")


def has_times_as_numbers(claims: dict[str, Any]) -> None:
    for name in TIMES:
        # true is a number to Python, and "1" is one to PyJWT. Infinity and NaN compare as false.
        if name in claims and not (type(claims[name]) in (int, float) and 0 <= claims[name] <= END_OF_TIME):
            raise Invalid(f"{name} is no moment")


def has_texts_as_texts(claims: dict[str, Any]) -> None:
    for name in TEXTS:
        if name in claims and not isinstance(claims[name], str):
            raise Invalid(f"{name} is no text")


def has_our_signature(token: str, key: SigningKey, *, issuer: str, audience: str, leeway: timedelta) -> None:
    try:
        pyjwt.decode(
            token,
            key.verifying,
            algorithms=[key.algorithm],
            issuer=issuer,
            audience=audience,
            leeway=leeway,
            options={"require": list(REQUIRED), "strict_aud": True},
        )
    except pyjwt.ExpiredSignatureError as error:
        raise Expired("exp has passed") from error
    except pyjwt.PyJWTError as error:
        raise Invalid(type(error).__name__) from error


def is_in_time(claims: dict[str, Any], *, leeway: timedelta) -> None:
    now = clock.now().timestamp()
    if now >= claims["exp"]:
        raise Expired("exp has passed")
    if max(claims["iat"], claims.get("nbf", 0)) > now + leeway.total_seconds():
        raise Invalid("iat or nbf is in the future")
