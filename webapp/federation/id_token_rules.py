"""verified_claims(): the claims of a provider's ID token, checked whole (OpenID Connect Core §3.1.3.7)."""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt as pyjwt

from webapp.core.digests import constant_time_equal
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.provider_metadata import quoted
from webapp.verify import END_OF_TIME, Invalid, Key, KeysUnavailable, PublishedKeys, read

LEEWAY = timedelta(seconds=60)
"""How far the clock of a provider may be off."""
LONGEST_SUBJECT = 255
HASHES = {"ES256": hashlib.sha256, "RS256": hashlib.sha256, "EdDSA": hashlib.sha512}


@dataclass(frozen=True, slots=True, repr=False)
class ExpectedClaims:
    """What an ID token is compared with."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str
    begun_at: datetime
    """When the login was begun; an ID token cannot be older."""
    moment: datetime
    authenticated_since: datetime | None = None
    """The earliest accepted ``auth_time`` if the user had to authenticate again."""


def verified_claims(id_token: str | None, keys: PublishedKeys, expected: ExpectedClaims) -> dict[str, Any]:
    """Verify an ID token of a provider (OpenID Connect Core §3.1.3.7) and return its claims.

    Raises:
        LoginFailed
    """
    if id_token is None:
        raise LoginFailed(Check.ID_TOKEN, "the token response has no id_token; the scope openid may be missing")
    key, claims = signed_claims(id_token, keys, (None, "JWT"))
    for rule in RULES:
        rule(claims, expected)
    has_access_token_hash(claims, key, expected)
    has_subject(claims)
    has_authentication_time(claims, expected)
    return claims


def signed_claims(token: str, keys: PublishedKeys, types: Sequence[str | None]) -> tuple[Key, dict[str, Any]]:
    """Key and claims of a JWT whose signature is valid; neither key nor algorithm is taken from the token.

    Args:
        types: accepted values of ``typ``; None for a token without it.

    Raises:
        LoginFailed
    """
    try:
        header, claims = read(token)
    except Invalid as error:
        raise LoginFailed(Check.ID_TOKEN, str(error)) from error
    if header.get("typ") not in types:
        raise LoginFailed(Check.ID_TOKEN, f"typ is {quoted(header.get('typ'))}")
    if "crit" in header:
        raise LoginFailed(Check.ID_TOKEN, "the header has crit, which is not supported")
    kid = header.get("kid", "")
    if not isinstance(kid, str):
        raise LoginFailed(Check.ID_TOKEN, "kid is no text")
    key = key_named(kid, keys)
    if header.get("alg") != key.algorithm:
        raise LoginFailed(Check.SIGNATURE, f"alg is {quoted(header.get('alg'))}, and the key is for {key.algorithm}")
    try:
        pyjwt.PyJWS().decode(token, key.verifying, algorithms=[key.algorithm])
    except pyjwt.PyJWTError as error:
        raise LoginFailed(Check.SIGNATURE, f"the signature is not valid ({type(error).__name__})") from error
    return key, claims


def key_named(kid: str, keys: PublishedKeys) -> Key:
    try:
        return keys.find(kid)
    except Invalid as error:
        raise LoginFailed(
            Check.SIGNATURE, f"no published key for ES256, RS256 or EdDSA has the kid {quoted(kid)}"
        ) from error
    except KeysUnavailable as error:
        raise LoginFailed(Check.SIGNATURE, "the keys of the provider cannot be fetched") from error


def has_issuer(claims: dict[str, Any], expected: ExpectedClaims) -> None:
    if claims.get("iss") != expected.issuer:
        raise LoginFailed(Check.ISSUER, f"iss is {quoted(claims.get('iss'))}, not {expected.issuer}")


def has_audience(claims: dict[str, Any], expected: ExpectedClaims) -> None:
    """The token is for this site alone, or was issued to it (``azp``)."""
    found, party = claims.get("aud"), claims.get("azp")
    audiences = found if isinstance(found, list) else [found]
    if expected.client_id not in audiences or not all(isinstance(one, str) for one in audiences):
        raise LoginFailed(Check.AUDIENCE, f"aud is {quoted(found)}, without {expected.client_id}")
    if party != expected.client_id and (party is not None or len(audiences) > 1):
        raise LoginFailed(Check.AUDIENCE, f"azp is {quoted(party)}, not {expected.client_id}")


def has_times(claims: dict[str, Any], expected: ExpectedClaims) -> None:
    exp, iat, nbf = (seconds(claims, name) for name in ("exp", "iat", "nbf"))
    if exp is None or iat is None:
        raise LoginFailed(Check.TIME, "exp or iat is missing")
    earliest, latest = (expected.begun_at - LEEWAY).timestamp(), (expected.moment + LEEWAY).timestamp()
    if exp <= (expected.moment - LEEWAY).timestamp():
        raise LoginFailed(Check.TIME, "it has expired; the clock here or there may be wrong")
    if not earliest <= iat <= latest or (nbf is not None and nbf > latest):
        raise LoginFailed(Check.TIME, "it was not issued for this login; the clock here or there may be wrong")


def seconds(claims: dict[str, Any], name: str) -> float | None:
    """A time in seconds since 1970; None if it is missing."""
    found = claims.get(name)
    # Python counts true as a number.
    if found is not None and not (type(found) in (int, float) and 0 <= found <= END_OF_TIME):
        raise LoginFailed(Check.TIME, f"{name} is {quoted(found)}, which is no time")
    return found


def has_nonce(claims: dict[str, Any], expected: ExpectedClaims) -> None:
    found = claims.get("nonce")
    if not isinstance(found, str) or not constant_time_equal(found, expected.nonce):
        raise LoginFailed(Check.NONCE, "nonce is missing or belongs to another login")


RULES: tuple[Callable[[dict[str, Any], ExpectedClaims], None], ...] = (has_issuer, has_audience, has_times, has_nonce)


def has_access_token_hash(claims: dict[str, Any], key: Key, expected: ExpectedClaims) -> None:
    """``at_hash`` (OpenID Connect Core §3.1.3.6) is optional, but must be right."""
    if (found := claims.get("at_hash")) is None:
        return
    full = HASHES[key.algorithm](expected.access_token.encode()).digest()
    expected_hash = base64.urlsafe_b64encode(full[: len(full) // 2]).rstrip(b"=").decode()
    if not isinstance(found, str) or not constant_time_equal(found, expected_hash):
        raise LoginFailed(Check.ACCESS_TOKEN_HASH, "at_hash belongs to another access token")


def has_subject(claims: dict[str, Any]) -> None:
    found = claims.get("sub")
    if not isinstance(found, str) or not found.strip() or len(found) > LONGEST_SUBJECT or not found.isprintable():
        raise LoginFailed(Check.SUBJECT, f"sub is {quoted(found)}")


def has_authentication_time(claims: dict[str, Any], expected: ExpectedClaims) -> None:
    """``auth_time`` is no earlier than demanded with ``max_age`` (OpenID Connect Core §3.1.2.1)."""
    try:
        found = seconds(claims, "auth_time")
    except LoginFailed as error:
        raise LoginFailed(Check.AUTHENTICATION_TIME, error.detail) from error
    if found is not None and found > (expected.moment + LEEWAY).timestamp():
        raise LoginFailed(Check.AUTHENTICATION_TIME, "auth_time is in the future")
    since = expected.authenticated_since
    if since is not None and (found is None or found < (since - LEEWAY).timestamp()):
        raise LoginFailed(Check.AUTHENTICATION_TIME, "the user was not asked to authenticate again")
