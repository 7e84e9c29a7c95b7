"""Introspection: what the site says about a token (RFC 7662). A token that is not live is only reported as inactive."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.guard.assurance import level_of
from webapp.guard.principal import Principal
from webapp.guard.token_grant import READS, TokenGrant, is_within
from webapp.login.refresh_grant import may_refresh
from webapp.tokens import refreshing
from webapp.tokens.claims import client_of
from webapp.tokens.restrictions import Restrictions, restrictions_of
from webapp.tokens.scopes import SHARE_ROLES


class Confirmation(msgspec.Struct, frozen=True):
    """Key that must sign a DPoP proof for each use (RFC 9449 §6.2)."""

    jkt: str


class Introspection(msgspec.Struct, frozen=True, kw_only=True):
    """Response of RFC 7662 §2.2."""

    active: bool
    scope: str | UnsetType = UNSET
    client_id: str | UnsetType = UNSET
    username: str | UnsetType = UNSET
    token_type: str | UnsetType = UNSET
    exp: int | UnsetType = UNSET
    iat: int | UnsetType = UNSET
    sub: str | UnsetType = UNSET
    aud: str | UnsetType = UNSET
    iss: str | UnsetType = UNSET
    jti: str | UnsetType = UNSET
    cnf: Confirmation | UnsetType = UNSET
    auth_time: int | UnsetType = UNSET
    """When the owner authenticated; left out if nobody did (RFC 9470 §6.2)."""
    amr: list[str] | UnsetType = UNSET
    acr: str | UnsetType = UNSET
    act: dict[str, Any] | UnsetType = UNSET
    """Who acts for the owner: the `act` claim of an exchanged token (RFC 8693 §4.1)."""
    roles: list[str] | UnsetType = UNSET
    """Current roles of the owner; only for tokens with the scope `roles:share`."""
    restrictions: Restrictions | UnsetType = UNSET
    """Restrictions that the introspecting service must enforce, as this site does."""


INACTIVE = Introspection(active=False)


@dataclass(frozen=True, slots=True)
class TokenBearer:
    """Owner, grant and authentication of a token."""

    user_id: UUID
    username: str
    grant: TokenGrant
    ends_at: datetime
    auth_time: datetime
    amr: str
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedCall:
    """The request that the introspecting service received; None for members that it did not send."""

    method: str | None = None
    rules: frozenset[str] | None = None
    """URL rules of this site's routes that match the path."""
    ip_address: str | None = None


def excludes(grant: TokenGrant, call: StatedCall) -> bool:
    """Whether the restrictions of a token exclude the request, as far as it was stated."""
    is_elsewhere = grant.networks and call.ip_address and not is_within(call.ip_address, grant.networks)
    is_other_method = grant.methods and call.method and READS.get(call.method, call.method) not in grant.methods
    is_other_path = grant.resources and call.rules is not None and not grant.resources & call.rules
    return bool(is_elsewhere or is_other_method or is_other_path)


def of_principal(principal: Principal) -> TokenBearer:
    return TokenBearer(
        user_id=principal.user_id,
        username=principal.username,
        grant=principal.grant or TokenGrant(),
        ends_at=principal.expires_at,
        auth_time=principal.auth_time,
        amr=principal.amr,
        roles=principal.roles,
    )


def narrowed(bearer: TokenBearer, claims: Mapping[str, Any]) -> TokenBearer:
    """An exchanged token: the intersection of both grants, until the first of both expires."""
    scopes = bearer.grant.scopes & frozenset(str(claims.get("scope", "")).split())
    ends_at = min(bearer.ends_at, datetime.fromtimestamp(claims["exp"], UTC))
    return replace(bearer, grant=msgspec.structs.replace(bearer.grant, scopes=scopes), ends_at=ends_at)


def of_refresh(db: Session, secret: str) -> TokenBearer | None:
    """A refresh token that would be accepted now; None for any other."""
    token = refreshing.find(db, secret)
    if token is None or token.spent_at is not None:
        return None
    credential = credentials.find(db, token.family_id, kind="refresh")
    user = user_queries.by_id(db, credential.user_id) if credential else None
    if credential is None or user is None or not may_refresh(user) or not credential.is_live(now()):
        return None
    return TokenBearer(
        user_id=user.id,
        username=user.username,
        grant=credential.grant or TokenGrant(),
        ends_at=credential.ends_at,
        auth_time=credential.auth_time,
        amr=credential.amr,
    )


def introspection_response(
    bearer: TokenBearer, *, issuer: str, token_type: str, claims: Mapping[str, Any]
) -> Introspection:
    """Build the introspection response.

    Args:
        claims: of the token; used for what the database does not have.
    """
    grant, proven = bearer.grant, bearer.auth_time.timestamp() > 0
    return Introspection(
        active=True,
        scope=" ".join(sorted(grant.scopes)),
        client_id=client_of(grant),
        username=bearer.username,
        token_type=token_type,
        exp=int(bearer.ends_at.timestamp()),
        iat=claims.get("iat", UNSET),
        sub=str(bearer.user_id),
        aud=claims.get("aud", UNSET),
        iss=claims.get("iss", issuer),
        jti=claims.get("jti", UNSET),
        cnf=Confirmation(grant.jkt) if grant.jkt else UNSET,
        auth_time=int(bearer.auth_time.timestamp()) if proven else UNSET,
        amr=bearer.amr.split() if proven else UNSET,
        acr=level_of(bearer.amr).acr if proven else UNSET,
        act=claims.get("act", UNSET),
        roles=list(bearer.roles) if bearer.roles and SHARE_ROLES in grant.scopes else UNSET,
        restrictions=restrictions_of(grant),
    )
