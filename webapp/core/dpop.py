"""DPoP (RFC 9449): checks the proof that the sender of a key-bound token holds the key."""

import hashlib
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from jwt import PyJWTError, api_jws

from webapp.core import clock
from webapp.core.digests import constant_time_equal
from webapp.core.key_material import thumbprint
from webapp.core.translation import _
from webapp.verify import ALGORITHMS, Invalid, Key, has_times_as_numbers, load, public_key, read

TYP = "dpop+jwt"
ALGS = " ".join(ALGORITHMS.values())
"""As a challenge lists them (§7.1)."""
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
PORTS = {"http": 80, "https": 443}
LONGEST_JTI = 256


class InvalidProof(Exception):
    """The proof is invalid. The message says why, for the log."""


class InvalidDpopKey(Exception):
    """No token can be bound to this key. The message is for the user who entered it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRequest:
    """The request that the proof was sent with."""

    method: str
    base_urls: tuple[str, ...]
    """URLs of the site from the settings, because the sender can choose scheme, host and port in the request."""
    path: str
    """Path below the base URL; decoded, as in the routes."""
    token: str | None = None


@dataclass(frozen=True, slots=True)
class DpopProof:
    jkt: str
    """Thumbprint (RFC 7638) of the key that signed the proof."""
    jti: str
    """ID of the proof, to be accepted once."""


def verify_proof(proof: str, request: ProvenRequest, *, window: timedelta) -> DpopProof:
    """Check a proof against its request (§4.3). Whether its ``jti`` was used before is checked elsewhere.

    Args:
        window: largest difference between its ``iat`` and our clock, in either direction.

    Raises:
        InvalidProof
    """
    try:
        header, claims = read(proof)
        key = key_in(header)
        for rule in (names_the_request, has_current_iat, has_jti, names_the_token):
            rule(claims, request, window)
        api_jws.decode(proof, key.verifying, algorithms=[key.algorithm])
    except (Invalid, PyJWTError) as error:
        raise InvalidProof(f"the proof is invalid: {str(error) or type(error).__name__}") from error
    return DpopProof(thumbprint(key.verifying, algorithm=key.algorithm), claims["jti"])


def key_in(header: dict[str, Any]) -> Key:
    """The key from the header of the proof. It is not trusted: its thumbprint is compared with that of the token."""
    if set(header) != {"typ", "alg", "jwk"}:
        raise Invalid("the header has other members than typ, alg and jwk")
    if header["typ"] != TYP:
        raise Invalid("typ is not dpop+jwt")
    if not isinstance(header["jwk"], dict):
        raise Invalid("jwk is not an object")
    key = public_key(header["jwk"])
    if header["alg"] != key.algorithm:
        raise Invalid("alg does not match the key")
    return key


def names_the_request(claims: dict[str, Any], request: ProvenRequest, _: timedelta) -> None:
    if claims.get("htm") != request.method:
        raise Invalid("htm is another method")
    if not isinstance(claims.get("htu"), str) or not any(
        normalized_htu(claims["htu"]) == normalized_htu(f"{url}{quote(request.path)}") for url in request.base_urls
    ):
        raise Invalid("htu is another URL")


def has_current_iat(claims: dict[str, Any], _: ProvenRequest, window: timedelta) -> None:
    has_times_as_numbers(claims)
    # A missing iat counts as 1970.
    if abs(clock.now().timestamp() - claims.get("iat", 0)) > window.total_seconds():
        raise Invalid("iat is too old or in the future")


def has_jti(claims: dict[str, Any], _: ProvenRequest, __: timedelta) -> None:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise Invalid("jti is missing or invalid")


def names_the_token(claims: dict[str, Any], request: ProvenRequest, _: timedelta) -> None:
    if request.token is None:
        return
    ath = claims.get("ath")
    if not isinstance(ath, str) or not constant_time_equal(ath, digest_of(request.token)):
        raise Invalid("ath belongs to another token")


def digest_of(token: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def normalized_htu(url: str) -> tuple[str, str, int | None, str]:
    """Scheme, host, port and path, as RFC 3986 §6.2.2 and §6.2.3 compare them; query and fragment do not count."""
    # urlsplit silently removes line breaks and tabs.
    if not re.fullmatch(r"[\x21-\x7e]+", url):
        raise Invalid("htu is not a URL")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Invalid("htu is not a URL") from error
    if "@" in parts.netloc or not parts.hostname:
        raise Invalid("htu is not a URL with a host")
    return parts.scheme, parts.hostname, port or PORTS.get(parts.scheme), unquote(parts.path) or "/"


def thumbprint_in(text: str) -> str:
    """The thumbprint of a key that a user enters as a public JWK or as its thumbprint.

    Raises:
        InvalidDpopKey
    """
    text = text.strip()
    if THUMBPRINT.fullmatch(text):
        return text
    try:
        key = public_key(load(text.encode(errors="replace")))
    except Invalid as error:
        if str(error) == "a private key":
            raise InvalidDpopKey(
                _(
                    "This is a private key, which only the script may know. "
                    "Create a new key pair and enter the public key."
                )
            ) from error
        raise InvalidDpopKey(_("Enter the public key as a JWK (ES256, EdDSA or RS256), or its thumbprint.")) from error
    return thumbprint(key.verifying, algorithm=key.algorithm)
