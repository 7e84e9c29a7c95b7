"""inspect: what a text that may be a token says of itself, and whether its signature is one of ours."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from webapp import verify
from webapp.core import jwt
from webapp.core.keys import KeyRing
from webapp.guard.principal import CredentialRef
from webapp.tokens.authenticator import TYP
from webapp.tokens.refresh_secret import PREFIX
from webapp.web.problem_codes import ProblemCode

Signature = Literal["holds", "broken", "unchecked"]
MOST_SHOWN = 300
EXPIRED = "expired"

MEANINGS = {
    "typ": "Token type; access tokens have at+jwt.",
    "alg": "Signature algorithm.",
    "kid": "ID of the signing key.",
    "iss": "Issuer.",
    "aud": "Audience: the service it is meant for.",
    "sub": "Subject: ID of the owner's account.",
    "client_id": "Client that it was issued to.",
    "jti": "Token ID.",
    "iat": "Issued at.",
    "nbf": "Not valid before.",
    "exp": "Expires at.",
    "scope": "Permissions when it was issued. This site uses the stored ones, which may be fewer by now.",
    "cnf": "Key that must sign a proof for each use.",
    "auth_time": "When its owner last confirmed their identity.",
    "acr": "Authentication level.",
    "amr": "Authentication methods.",
    "act": "Token that it was exchanged for.",
    "roles": "Roles of its owner when it was issued.",
}
TIMES = ("iat", "nbf", "exp", "auth_time")
# What PyJWT finds wrong once the signature holds.
AFTER_THE_SIGNATURE = {"InvalidIssuerError", "InvalidAudienceError", "MissingRequiredClaimError", "InvalidSubjectError"}


class InspectedMember(msgspec.Struct, frozen=True):
    """One member of the header or of the claims."""

    name: str
    value: str
    meaning: str
    at: datetime | None = None
    """Where it is a moment."""


@dataclass(frozen=True, slots=True)
class TokenReading:
    sentence: str
    code: ProblemCode | None
    """Why the guard would not take it, as far as the text itself says; None where it would ask the row."""
    header: list[InspectedMember]
    claims: list[InspectedMember]
    signature: Signature
    claim: CredentialRef | None = None
    """Which row it names; only of what is truly signed by this house, and for it."""


def read(text: str, ring: KeyRing, issuer: str) -> TokenReading:
    """Whatever the text is; nothing of it is kept."""
    try:
        header, claims = verify.read(text)
    except verify.Invalid as error:
        return TokenReading(no_token(text, str(error)), "token_invalid", [], [], "unchecked")
    signature, fault = signature_of(text, header, ring, issuer)
    sentence, code = verdict_of(header, claims, signature, fault, issuer)
    return TokenReading(
        sentence,
        code,
        pieces(header),
        pieces(claims),
        signature,
        claim=claim_of(claims) if signature == "holds" and code in (None, "token_expired") else None,
    )


def claim_of(claims: Mapping[str, Any]) -> CredentialRef | None:
    try:
        return CredentialRef(UUID(claims["jti"]).hex, "token", UUID(claims["sub"]))
    except ValueError:
        return None


def no_token(text: str, reason: str) -> str:
    """What else it may be, for somebody who pasted it in good faith."""
    if text.startswith(PREFIX):
        return "This is a refresh token. It gives no access itself. Send it only to /api/auth/refresh."
    if len(text) > verify.SIZE:
        return f"This is not a token of this site: it has {len(text):,} characters, the maximum is {verify.SIZE:,}."
    if text.count(".") == 4:
        return "This looks like an encrypted token. This site does not use encrypted tokens."
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]*", text, re.ASCII):
        return f"This looks like a token but can't be read: {reason}. It may be incomplete or changed."
    return "This is not a token. Tokens have 3 parts separated by dots. It may be a password or a cookie."


def signature_of(text: str, header: Mapping[str, Any], ring: KeyRing, issuer: str) -> tuple[Signature, str]:
    """Whether one of our keys signed it, and else what is wrong; no key is ever taken from the token."""
    key = ring.find(header["kid"]) if isinstance(header.get("kid"), str) else None
    if key is None:
        return "unchecked", "it was not signed with a current key of this site"
    if header.get("alg") != key.algorithm:
        return "broken", "alg does not match its signing key"
    try:
        verify.has_signature(text, verify.Key(key.algorithm, key.verifying), issuer=issuer, audience=issuer)
    except verify.Invalid as error:
        if str(error) in AFTER_THE_SIGNATURE:
            return "holds", str(error)
        return "broken", "its content does not match the signature"
    try:
        jwt.verify(text, typ=TYP, issuer=issuer, audience=issuer, ring=ring)
    except jwt.Expired:
        return "holds", EXPIRED
    except jwt.TokenError as error:
        return "holds", str(error)
    return "holds", ""


def verdict_of(
    header: Mapping[str, Any], claims: Mapping[str, Any], signature: Signature, fault: str, issuer: str
) -> tuple[str, ProblemCode | None]:
    if str(header.get("alg")).lower() == "none":
        return "It is not signed, so anybody could have written it. It gives no access.", "token_invalid"
    if claims.get("iss") != issuer and signature == "holds":
        return (
            f"It was signed here, but for another URL: {shortened(claims.get('iss'))}. This site is {issuer}.",
            "token_invalid",
        )
    if claims.get("iss") != issuer:
        return (
            f"It was issued by {shortened(claims.get('iss', 'nobody'))}, not by this site.",
            "token_invalid",
        )
    if signature != "holds":
        return f"It claims to be from this site, but {fault}. It gives no access.", "token_invalid"
    if header.get("typ") != TYP:
        return f"It was signed here, but is another kind of token: {shortened(header.get('typ'))}.", "token_invalid"
    if claims.get("aud") != issuer:
        return (
            f"It was issued here for another service: {shortened(claims.get('aud'))}. It gives no access to this site.",
            "token_invalid",
        )
    if fault == EXPIRED:
        return "It was issued here and has expired.", "token_expired"
    if fault:
        return f"It was signed here, but it is invalid: {fault}.", "token_invalid"
    return "It was issued here, its signature is valid and it has not expired.", None


def pieces(members: Mapping[str, Any]) -> list[InspectedMember]:
    return [
        InspectedMember(
            shortened(name), shortened(value), MEANINGS.get(name, "Not used by this site."), moment(name, value)
        )
        for name, value in members.items()
    ]


def shortened(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def moment(name: str, value: Any) -> datetime | None:
    if name not in TIMES or type(value) not in (int, float) or not 0 <= value <= verify.END_OF_TIME:
        return None
    return datetime.fromtimestamp(value, UTC)
