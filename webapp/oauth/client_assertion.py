"""verified(): the JWT by which a client proves itself with its private key (RFC 7523 §3, OpenID Connect Core §9)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jwt import PyJWTError, api_jws

from webapp.core.clock import now
from webapp.oauth.client_keys import ClientKey
from webapp.verify import Invalid, has_times_as_numbers, read

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST = timedelta(minutes=5)
"""How far in the future ``exp`` may be."""
CLOCK_DIFFERENCE = timedelta(seconds=30)
"""By which the clock of the client may be ahead of ours."""
REMEMBERED = LONGEST + 2 * CLOCK_DIFFERENCE
"""For how long a ``jti`` must not come again."""
LONGEST_JTI = 256


class InvalidAssertion(Exception):
    """The assertion is not accepted; the message says why, for the developer of the client."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the claims of an assertion must be."""

    client_id: str
    audiences: Collection[str]
    """URLs of this site as an authorization server, and of the endpoint that was called."""
    moment: datetime


def client_named(assertion: str) -> str:
    """The client that an assertion is about. Nothing is verified yet.

    Raises:
        InvalidAssertion
    """
    try:
        subject = read(assertion)[1].get("sub")
    except Invalid as error:
        raise InvalidAssertion(f"client_assertion: {error}") from error
    return subject if isinstance(subject, str) else ""


def kid_named(assertion: str) -> str | None:
    """The key that the header of an assertion names, which ``client_named`` has read. Nothing is verified yet."""
    kid = read(assertion)[0].get("kid")
    return kid if isinstance(kid, str) else None


def verified(assertion: str, keys: Sequence[ClientKey], *, client_id: str, audiences: Collection[str]) -> str:
    """Check an assertion, and return its ``jti``. Whether that was used before is checked elsewhere.

    Raises:
        InvalidAssertion
    """
    expected = Expected(client_id, audiences, now())
    try:
        header, claims = read(assertion)
        key = key_for(header, keys)
        has_times_as_numbers(claims)
        for rule in RULES:
            rule(claims, expected)
        api_jws.decode(assertion, key.verifying, algorithms=[header["alg"]])
    except (Invalid, PyJWTError) as error:
        raise InvalidAssertion(f"client_assertion: {str(error) or type(error).__name__}") from error
    return str(claims["jti"])


def key_for(header: dict[str, Any], keys: Sequence[ClientKey]) -> ClientKey:
    """The registered key that a header names; without ``kid`` the only one. Keys in the header count for nothing."""
    if "crit" in header:
        raise Invalid("crit is not supported")
    kid = header.get("kid")
    found = [key for key in keys if key.kid == kid] if kid is not None else list(keys)
    if len(found) != 1:
        raise Invalid("kid is unknown" if kid is not None else "kid is missing")
    if header.get("alg") not in found[0].algorithms:
        raise Invalid("alg does not match the key")
    return found[0]


def is_about_the_client(claims: dict[str, Any], expected: Expected) -> None:
    for name in ("iss", "sub"):
        if claims.get(name) != expected.client_id:
            raise Invalid(f"{name} is not the client_id")


def is_for_this_site(claims: dict[str, Any], expected: Expected) -> None:
    """Every audience must be ours: otherwise another server that got the assertion could use it here."""
    audiences = claims.get("aud")
    audiences = [audiences] if isinstance(audiences, str) else audiences
    if not isinstance(audiences, list) or not audiences or not all(isinstance(one, str) for one in audiences):
        raise Invalid("aud is missing")
    if not set(audiences) <= set(expected.audiences):
        raise Invalid("aud is not the issuer or the token endpoint of this site")


def is_in_time(claims: dict[str, Any], expected: Expected) -> None:
    moment, ahead = expected.moment.timestamp(), CLOCK_DIFFERENCE.total_seconds()
    if "exp" not in claims:
        raise Invalid("exp is missing")
    if moment >= claims["exp"]:
        raise Invalid("exp has passed")
    if claims["exp"] > moment + LONGEST.total_seconds() + ahead:
        raise Invalid(f"exp is more than {LONGEST.seconds // 60} minutes away")
    if max(claims.get("iat", 0), claims.get("nbf", 0)) > moment + ahead:
        raise Invalid("iat or nbf is in the future")


def is_identified(claims: dict[str, Any], _expected: Expected) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise Invalid("jti is missing or invalid")


RULES: tuple[Callable[[dict[str, Any], Expected], None], ...] = (
    is_about_the_client,
    is_for_this_site,
    is_in_time,
    is_identified,
)
