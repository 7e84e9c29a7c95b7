"""inspect_token(): decodes a text that may be a token, for its page: header, claims, signature, and a verdict."""

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
from webapp.core.translation import _, _l
from webapp.guard.principal import CredentialRef
from webapp.tokens.authenticator import TYP
from webapp.tokens.refresh_secret import PREFIX
from webapp.web.problem_codes import ProblemCode
from webapp.web.templating import number

Signature = Literal["holds", "broken", "unchecked"]
MAX_SHOWN = 300
EXPIRED = "expired"

MEANINGS = {
    "typ": _l("Token type; access tokens have at+jwt."),
    "alg": _l("Signature algorithm."),
    "kid": _l("ID of the signing key."),
    "iss": _l("Issuer."),
    "aud": _l("Audience: the service it is meant for."),
    "sub": _l("Subject: ID of the owner's account."),
    "client_id": _l("Client that it was issued to."),
    "jti": _l("Token ID."),
    "iat": _l("Issued at."),
    "nbf": _l("Not valid before."),
    "exp": _l("Expires at."),
    "scope": _l("Permissions when it was issued. This site uses the stored ones, which may be fewer by now."),
    "cnf": _l("Key that must sign a proof for each use."),
    "auth_time": _l("When its owner last confirmed their identity."),
    "acr": _l("Authentication level."),
    "amr": _l("Authentication methods."),
    "act": _l("Token that it was exchanged for."),
    "roles": _l("Roles of its owner when it was issued."),
}
NOT_USED = _l("Not used by this site.")
TIMES = ("iat", "nbf", "exp", "auth_time")


class InspectedMember(msgspec.Struct, frozen=True):
    """One member of the header or of the claims."""

    name: str
    value: str
    meaning: str
    at: datetime | None = None
    """The value as a time, if it is one."""


@dataclass(frozen=True, slots=True)
class TokenReading:
    """Result of ``inspect_token``."""

    sentence: str
    code: ProblemCode | None
    """Why the guard would refuse it, judging by the token alone; None if that depends on its row."""
    header: list[InspectedMember]
    claims: list[InspectedMember]
    signature: Signature
    claim: CredentialRef | None = None
    """The credential that it names, if this site issued it for itself."""


def inspect_token(text: str, ring: KeyRing, issuer: str) -> TokenReading:
    """Inspect any text; nothing is stored or logged."""
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
    """The sentence for a text that is no JWT, with what it may be instead."""
    if text.startswith(PREFIX):
        return _("This is a refresh token. It gives no access itself. Send it only to /api/auth/refresh.")
    if len(text) > verify.SIZE:
        return _(
            "This is not a token of this site: it has %(count)s characters, the maximum is %(most)s.",
            count=number(len(text)),
            most=number(verify.SIZE),
        )
    if text.count(".") == 4:
        return _("This looks like an encrypted token. This site does not use encrypted tokens.")
    if re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]*", text, re.ASCII):
        return _(
            "This looks like a token but can't be read: %(reason)s. It may be incomplete or changed.", reason=reason
        )
    return _("This is not a token. Tokens have 3 parts separated by dots. It may be a password or a cookie.")


def signature_of(text: str, header: Mapping[str, Any], ring: KeyRing, issuer: str) -> tuple[Signature, str]:
    """Verify the signature with the keys of this site; keys in the token (``jwk``, ``x5c``) are ignored.

    Returns:
        The fault is a whole sentence where the signature does not hold, else the library's reason.
    """
    key = ring.find(header["kid"]) if isinstance(header.get("kid"), str) else None
    if key is None:
        return "unchecked", _(
            "It claims to be from this site, but it was not signed with a current key of this site. It gives no access."
        )
    if header.get("alg") != key.algorithm:
        return "broken", _(
            "It claims to be from this site, but alg does not match its signing key. It gives no access."
        )
    try:
        verify.has_signature(text, verify.Key(key.algorithm, key.verifying), issuer=issuer, audience=issuer)
    except verify.Invalid as error:
        if str(error) in jwt.AFTER_THE_SIGNATURE:
            return "holds", str(error)
        return "broken", _(
            "It claims to be from this site, but its content does not match the signature. It gives no access."
        )
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
        return _("It is not signed, so anybody could have written it. It gives no access."), "token_invalid"
    if claims.get("iss") != issuer and signature == "holds":
        url = shortened(claims.get("iss"))
        return _(
            "It was signed here, but for another URL: %(url)s. This site is %(issuer)s.", url=url, issuer=issuer
        ), "token_invalid"
    if claims.get("iss") != issuer:
        other = shortened(claims.get("iss", _("nobody")))
        return _("It was issued by %(issuer)s, not by this site.", issuer=other), "token_invalid"
    if signature != "holds":
        return fault, "token_invalid"
    if header.get("typ") != TYP:
        kind = shortened(header.get("typ"))
        return _("It was signed here, but is another kind of token: %(kind)s.", kind=kind), "token_invalid"
    if claims.get("aud") != issuer:
        service = shortened(claims.get("aud"))
        return _(
            "It was issued here for another service: %(service)s. It gives no access to this site.", service=service
        ), "token_invalid"
    if fault == EXPIRED:
        return _("It was issued here and has expired."), "token_expired"
    if fault:
        return _("It was signed here, but it is invalid: %(reason)s.", reason=fault), "token_invalid"
    return _("It was issued here, its signature is valid and it has not expired."), None


def pieces(members: Mapping[str, Any]) -> list[InspectedMember]:
    return [
        InspectedMember(
            shortened(name), shortened(value), str(MEANINGS.get(name, NOT_USED)), time_of_member(name, value)
        )
        for name, value in members.items()
    ]


def shortened(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def time_of_member(name: str, value: Any) -> datetime | None:
    if name not in TIMES or type(value) not in (int, float) or not 0 <= value <= verify.END_OF_TIME:
        return None
    return datetime.fromtimestamp(value, UTC)
