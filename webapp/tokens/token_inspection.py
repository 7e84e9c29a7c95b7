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
    "typ": "What kind of token it is; an access token says at+jwt.",
    "alg": "How it is signed.",
    "kid": "Which key signed it.",
    "iss": "Who made it.",
    "aud": "For whom it is.",
    "sub": "Whose it is: the id of an account.",
    "client_id": "For which program it was made.",
    "jti": "Its own number, by which its row is found.",
    "iat": "When it was made.",
    "nbf": "It does not hold before.",
    "exp": "When it ends.",
    "scope": "What it was made for; here its row counts, which may be narrower by now.",
    "cnf": "The key that must prove each use.",
    "auth_time": "When its owner last proved who they are.",
    "acr": "How well they did.",
    "amr": "In which ways they did.",
    "act": "Which token it was made from.",
    "roles": "What its owner was, when it was made.",
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
        return "This is a refresh token. It opens nothing itself: send it to /api/auth/refresh, and to nobody else."
    if len(text) > verify.SIZE:
        return f"This is longer than any token of ours: {len(text):,} characters, where {verify.SIZE:,} are the most."
    if text.count(".") == 4:
        return "This looks like an encrypted token. This house makes none, and accepts none."
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]*", text, re.ASCII):
        return (
            f"This has three parts, as a token has, but they cannot be read: {reason}. It may have been cut or changed."
        )
    return "This is no token of ours: those have three parts with dots between. It may be a password, or a cookie."


def signature_of(text: str, header: Mapping[str, Any], ring: KeyRing, issuer: str) -> tuple[Signature, str]:
    """Whether one of our keys signed it, and else what is wrong; no key is ever taken from the token."""
    key = ring.find(header["kid"]) if isinstance(header.get("kid"), str) else None
    if key is None:
        return "unchecked", "no key of this house has signed it, or that key is gone"
    if header.get("alg") != key.algorithm:
        return "broken", "alg is not that of the key it names"
    try:
        verify.has_signature(text, verify.Key(key.algorithm, key.verifying), issuer=issuer, audience=issuer)
    except verify.Invalid as error:
        if str(error) in AFTER_THE_SIGNATURE:
            return "holds", str(error)
        return "broken", "what it says is not what was signed"
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
        return "It is not signed at all: anybody could have written it. It opens nothing.", "token_invalid"
    if claims.get("iss") != issuer and signature == "holds":
        return (
            f"It was signed here, but for a house at {shortened(claims.get('iss'))}; this one is at {issuer}.",
            "token_invalid",
        )
    if claims.get("iss") != issuer:
        return (
            f"It says that it was made by {shortened(claims.get('iss', 'nobody'))}, which is not this house.",
            "token_invalid",
        )
    if signature != "holds":
        return f"It says that it was made here, but {fault}. It opens nothing.", "token_invalid"
    if header.get("typ") != TYP:
        return f"It was signed here, but as another kind of token: {shortened(header.get('typ'))}.", "token_invalid"
    if claims.get("aud") != issuer:
        return (
            f"It was made here for another service: {shortened(claims.get('aud'))}. Here it opens nothing.",
            "token_invalid",
        )
    if fault == EXPIRED:
        return "It was made here, and its time is over.", "token_expired"
    if fault:
        return f"It was signed here, but it is not whole: {fault}.", "token_invalid"
    return "It was made here, its signature holds, and it is in time.", None


def pieces(members: Mapping[str, Any]) -> list[InspectedMember]:
    return [
        InspectedMember(
            shortened(name), shortened(value), MEANINGS.get(name, "Not a word of ours."), moment(name, value)
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
