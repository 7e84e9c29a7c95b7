"""TokenIssuer: issues API tokens: signed JWTs (RFC 9068) with a row each."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core import jwt
from webapp.core.clock import now
from webapp.core.db import advisory_lock
from webapp.core.driver_statements import EntityInsert
from webapp.core.keys import KeyRing
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials
from webapp.credentials import live_counts
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.assurance import level_of
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.authenticator import TYP
from webapp.tokens.claims import ClaimsHook, audience_of, client_of, gathered
from webapp.tokens.models import ApiToken
from webapp.web.templating import number

NEW_ENTRY = EntityInsert(ApiToken)
LONGEST_NOTE = 200
SHORTEST_REASON, LONGEST_REASON = 10, 200


class TokenNameTaken(Exception):
    """Another live token of the user has this name."""


class TooManyTokens(Exception):
    """The user has reached the maximum number of live tokens."""

    def __init__(self, max_tokens: int) -> None:
        self.max_tokens = max_tokens
        super().__init__(
            _(
                "You have %(count)s active tokens, which is the maximum. Revoke some that you don't use.",
                count=number(max_tokens),
            )
        )


class AlreadyIssued(Exception):
    """The form was submitted twice; ``token_id`` is the token that the first submission created."""

    def __init__(self, token_id: UUID) -> None:
        super().__init__(str(token_id))
        self.token_id = token_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token to issue. The scopes in ``grant`` must have been checked (``Catalogue.check``)."""

    name: str
    grant: TokenGrant
    lifetime: timedelta | None
    """None for no expiry."""
    origin: str
    note: str | None = None
    reason: str | None = None
    """Why it has no expiry."""
    once: str | None = None
    family_id: UUID | None = None
    """The script login that it belongs to, and is ended with."""
    rotated_from: UUID | None = None
    """The token that it replaces."""
    event: Event = Event.TOKEN_MINTED
    claims: Mapping[str, object] = field(default_factory=dict)
    """Claims of this token alone, besides those of hooks."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Members of its header, as ``checked_headers`` allows."""
    actor_id: UUID | None = None
    """The user who creates it for a service account; None if it is for themselves."""


@dataclass(frozen=True, slots=True, repr=False)
class IssuedToken:
    """An issued token with its rows. ``token`` is shown once and not stored."""

    token: str
    entry: ApiToken
    credential: Credential


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Issues tokens signed with the current key; ``url`` of the site is both issuer and audience."""

    ring: KeyRing
    url: str
    former: tuple[str, ...] = ()
    """Former URLs of the site, whose tokens are still accepted."""
    hooks: list[ClaimsHook] = field(default_factory=list)
    max_tokens: int = 1000
    """Maximum number of live tokens per user."""

    def adds_claims(self, hook: ClaimsHook) -> ClaimsHook:
        """Decorator: registers a function of user id and scopes that returns further claims for issued tokens."""
        self.hooks.append(hook)
        return hook

    def issue(self, db: Session, user_id: UUID, requested: TokenRequest, proof: AuthenticationProof) -> IssuedToken:
        """Issue a token, and record ``token.minted`` or ``requested.event``.

        Raises:
            TokenNameTaken, AlreadyIssued, TooManyTokens, InvalidClaims
        """
        advisory_lock(db, f"tokens of {user_id}")
        # The access token of a script login does not count besides the login.
        others = live_counts.live_token_count(db, user_id) - (requested.family_id is not None)
        if others >= self.max_tokens:
            raise TooManyTokens(self.max_tokens)
        if requested.family_id is None:
            free_ended_names(db, user_id)
        token_id = uuid4()
        credential = credentials.issue(
            db,
            id=token_id,
            key=token_id.hex,
            kind="token",
            user_id=user_id,
            lifetime=requested.lifetime,
            proof=proof,
            grant=requested.grant,
            family_id=requested.family_id,
        )
        entry = insert_row(db, user_id, requested, token_id, issuer=self.url)
        record(
            db,
            requested.event,
            user_id=user_id,
            actor_id=requested.actor_id,
            credential_id=token_id,
            name=requested.name,
            **facts(requested.grant),
            **because(requested.reason),
            origin=requested.origin,
            amr=proof.amr,
        )
        return IssuedToken(self.sign(credential, requested.claims, requested.headers), entry, credential)

    def sign(
        self,
        credential: Credential,
        own: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """The token of a row.

        Args:
            own: claims of this token alone.
            headers: of this token alone, as ``checked_headers`` allows.

        Raises:
            InvalidClaims
        """
        claims = (
            # First, so that secret scanners recognise the tokens of a site (``scanner_patterns``).
            {"iss": self.url}
            | gathered(self.hooks, credential.user_id, scopes_of(credential), own or {})
            | {
                "iss": self.url,
                "aud": audience_of(credential.grant) or self.url,
                "sub": str(credential.user_id),
                "client_id": client_of(credential.grant),
                "jti": credential.key,
                "iat": int(credential.created_at.timestamp()),
                "exp": int(credential.expires_at.timestamp()),
                # For services that verify offline; this site uses the row.
                "scope": " ".join(scopes_of(credential)),
            }
            | proven(credential)
        )
        if credential.grant and credential.grant.jkt:
            claims["cnf"] = {"jkt": credential.grant.jkt}
        return jwt.sign(claims, typ=TYP, key=self.ring.current(), headers=headers)


def proven(credential: Credential) -> dict[str, Any]:
    """Claims about the authentication of its user (RFC 9068 §2.2.1)."""
    claims = {"acr": level_of(credential.amr).acr, "amr": credential.amr.split()}
    since = int(credential.auth_time.timestamp())
    # No ``auth_time`` if an operator issued the token and its user did not authenticate.
    return claims | ({"auth_time": since} if since > 0 else {})


def scopes_of(credential: Credential) -> list[str]:
    """The scopes of a token, sorted."""
    return sorted(credential.grant.scopes) if credential.grant else []


def facts(grant: TokenGrant) -> dict[str, Any]:
    """Scopes and restrictions of a token, for the audit log; without restrictions that are not set."""
    found: dict[str, Any] = msgspec.to_builtins(grant, order="deterministic")
    return {"scopes": []} | found


def because(reason: str | None) -> dict[str, Any]:
    """The reason for a missing expiry, as a detail of the audit event."""
    return {"reason": reason} if reason else {}


def insert_row(db: Session, user_id: UUID, requested: TokenRequest, token_id: UUID, *, issuer: str) -> ApiToken:
    # Access tokens of a script login may share a name.
    taken_name = None if requested.family_id else requested.name.casefold()
    is_unique = taken_name or requested.once or requested.rotated_from
    try:
        with db.begin_nested() if is_unique else nullcontext():
            return NEW_ENTRY.into(
                db,
                id=token_id,
                user_id=user_id,
                name=requested.name,
                taken_name=taken_name,
                once=requested.once,
                origin=requested.origin,
                note=requested.note,
                reason=requested.reason,
                rotated_from=requested.rotated_from,
                issuer=issuer,
            )
    except IntegrityError as error:
        former = db.scalar(select(ApiToken.id).where(ApiToken.user_id == user_id, ApiToken.once == requested.once))
        if requested.once is not None and former is not None:
            raise AlreadyIssued(former) from error
        raise TokenNameTaken(requested.name) from error


def free_ended_names(db: Session, user_id: UUID) -> None:
    is_over = or_(Credential.expires_at <= now(), Credential.revoked_at.is_not(None))
    ended = select(Credential.id).where(Credential.user_id == user_id, is_over)
    is_taken = ApiToken.user_id == user_id, ApiToken.taken_name.is_not(None)
    db.execute(update(ApiToken).where(*is_taken, ApiToken.id.in_(ended)).values(taken_name=None))
