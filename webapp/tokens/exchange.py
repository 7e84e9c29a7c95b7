"""TokenExchange: exchanges an API token for a short-lived one for another service, with no more scopes (RFC 8693)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec

from webapp.core import jwt
from webapp.core.clock import now
from webapp.guard.assurance import level_of
from webapp.guard.principal import CredentialRef, Principal
from webapp.tokens.authenticator import TYP
from webapp.tokens.claims import CLIENT_ID, gathered
from webapp.tokens.issuing import TokenIssuer
from webapp.tokens.restrictions import restrictions_of
from webapp.tokens.scopes import SHARE_ROLES
from webapp.verify import read

LONGEST = timedelta(minutes=15)


class AudienceUnknown(Exception):
    """The requested audience is not configured; it is the message."""


class ExchangeTooWide(Exception):
    """More scopes were requested than the token has; the message is the additional ones."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenExchangeResult:
    """An exchanged token. It has no row, and is not valid longer than the token that it was exchanged for."""

    token: str
    id: UUID
    scopes: frozenset[str]
    lifetime: timedelta


@dataclass(frozen=True, slots=True)
class TokenExchange:
    """Issues and verifies exchanged tokens."""

    issuer: TokenIssuer
    audiences: frozenset[str]
    """Other services only: this site itself does not accept exchanged tokens."""

    def make(self, principal: Principal, key: str, audience: str, requested: frozenset[str]) -> TokenExchangeResult:
        """Issue an exchanged token for another service (RFC 8693).

        Args:
            key: ``jti`` of the API token that is exchanged.
            requested: requested scopes; empty for all scopes of the token.

        Raises:
            AudienceUnknown, ExchangeTooWide
        """
        if audience not in self.audiences:
            raise AudienceUnknown(audience)
        if beyond := requested - principal.scopes:
            raise ExchangeTooWide(", ".join(sorted(beyond)))
        moment, scopes, token_id = now(), requested or principal.scopes, uuid4()
        lifetime = min(LONGEST, principal.expires_at - moment)
        claims = {"iss": self.issuer.url} | gathered(self.issuer.hooks, principal.user_id, sorted(scopes))
        claims |= {
            "iss": self.issuer.url,
            "aud": audience,
            "sub": str(principal.user_id),
            "client_id": CLIENT_ID,
            "jti": token_id.hex,
            "iat": int(moment.timestamp()),
            "exp": int((moment + lifetime).timestamp()),
            "scope": " ".join(sorted(scopes)),
            "act": {"iss": self.issuer.url, "sub": actor_name(self.issuer.url, key)},
        }
        claims |= facts(principal, scopes)
        return TokenExchangeResult(
            jwt.sign(claims, typ=TYP, key=self.issuer.ring.current()), token_id, scopes, lifetime
        )

    def read(self, token: str) -> Mapping[str, Any]:
        """The verified claims of an exchanged token that has not expired.

        Raises:
            TokenError
        """
        audience = read(token)[1].get("aud")
        if not isinstance(audience, str) or audience not in self.audiences:
            raise jwt.Invalid("aud is not one of the exchange audiences")
        issuer = jwt.issuer_of(token, own=self.issuer.url, former=self.issuer.former)
        return jwt.verify(token, typ=TYP, issuer=issuer, audience=audience, ring=self.issuer.ring)


def actor_name(issuer: str, key: str) -> str:
    """The ``sub`` of the actor (RFC 8693 §4.1): the script that holds the token, by the URL of that token.

    A URL, because a bare id would read as that of a user of this issuer.
    """
    return f"{issuer}/tokens/{UUID(key)}"


def facts(principal: Principal, scopes: frozenset[str]) -> dict[str, Any]:
    """Claims about its owner: roles only under their scope, how identity was proved, the key, the restrictions."""
    found: dict[str, Any] = {"roles": list(principal.roles)} if SHARE_ROLES in scopes else {}
    if principal.auth_time.timestamp() > 0:
        proven = {"auth_time": int(principal.auth_time.timestamp()), "amr": principal.amr.split()}
        found |= proven | {"acr": level_of(principal.amr).acr}
    if principal.grant and principal.grant.jkt:
        found["cnf"] = {"jkt": principal.grant.jkt}
    if principal.grant and (restrictions := restrictions_of(principal.grant)):
        found["restrictions"] = msgspec.to_builtins(restrictions)
    return found


def parent_token(claims: Mapping[str, Any]) -> CredentialRef:
    """The API token that an exchanged token was made from.

    Raises:
        Invalid: ``act`` does not name one.
    """
    actor = claims.get("act")
    name = actor.get("sub") if isinstance(actor, dict) else None
    try:
        key = UUID(str(name).rpartition("/")[2]).hex
    except ValueError as error:
        raise jwt.Invalid("act does not name a token") from error
    if name != actor_name(claims["iss"], key):
        raise jwt.Invalid("act does not name a token of this site")
    return CredentialRef(key=key, kind="token", user_id=UUID(claims["sub"]))
