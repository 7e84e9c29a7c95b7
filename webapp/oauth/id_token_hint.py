"""hinted_login(): what an ``id_token_hint`` says (OpenID Connect Core §3.1.2.1, RP-Initiated Logout §2)."""

from dataclasses import dataclass
from uuid import UUID

from webapp.core import jwt
from webapp.core.id_token_keys import IdTokenKeys
from webapp.oauth.id_token import TYP
from webapp.verify import read


class HintInvalid(Exception):
    """It is not an ID token of this site, or its key was removed."""


@dataclass(frozen=True, slots=True)
class HintedLogin:
    """What an ID token says of a login."""

    client_id: str
    subject: str
    """The identifier (``sub``) of the user for the app."""
    session_id: UUID | None
    """None for an ID token that came with a refreshed access token or to a device."""


def hinted_login(token: str, *, issuer: str, keys: IdTokenKeys) -> HintedLogin:
    """App, user and session of an ID token of this site, which may have expired.

    Raises:
        HintInvalid
    """
    try:
        head, unverified_claims = read(token)
        audience, ring = str(unverified_claims.get("aud")), keys.holding(str(head.get("kid")))
        claims = jwt.verify(token, typ=TYP, issuer=issuer, audience=audience, ring=ring)
    except jwt.Expired as expired:
        claims = expired.claims
    except jwt.TokenError as error:
        raise HintInvalid from error
    try:
        session_id = UUID(hex=claims["sid"]) if "sid" in claims else None
        return HintedLogin(str(claims["aud"]), str(claims["sub"]), session_id)
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise HintInvalid from error
