"""Issuer: mints a token, with its rows."""

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
from webapp.core.combining_marks import STACKED, is_stacked
from webapp.core.db import alone
from webapp.core.keys import KeyRing
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.assurance import level_of
from webapp.guard.token_grant import TokenGrant
from webapp.tokens.authenticator import TYP
from webapp.tokens.claims import ClaimsHook, gathered
from webapp.tokens.models import ApiToken
from webapp.web.templating import number

# What people mint themselves is asked for by nobody but this house (RFC 9068 §2.2).
CLIENT_ID = "latchkey"
SHORTEST, LONGEST = 3, 50
LONGEST_NOTE = 200
SHORTEST_REASON, LONGEST_REASON = 10, 200


class TokenNameUnfit(Exception):
    """The message is for the person who chose it."""


class TokenNameTaken(Exception):
    """A live token of this user has that name."""


class TooManyTokens(Exception):
    """This user has as many live tokens as one may."""

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            _(
                "You have %(count)s active tokens, which is the maximum. Revoke some that you don't use.",
                count=number(most),
            )
        )


class AlreadyIssued(Exception):
    """This very form has minted a token before."""

    def __init__(self, token_id: UUID) -> None:
        super().__init__(str(token_id))
        self.token_id = token_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """What is asked for; the scopes of its ``authority`` are checked before."""

    name: str
    authority: TokenGrant
    lifetime: timedelta | None
    """None for a token without an end."""
    origin: str
    note: str | None = None
    reason: str | None = None
    """Why it has no end."""
    once: str | None = None
    family_id: UUID | None = None
    """The login of a script that it is to end with."""
    rotated_from: UUID | None = None
    """The token that it takes over from."""
    event: Event = Event.TOKEN_MINTED


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """``token`` is shown once and kept nowhere."""

    token: str
    entry: ApiToken
    credential: Credential


@dataclass(frozen=True, slots=True)
class TokenIssuer:
    """Mints with the current key of the ring; ``url`` is issuer and audience alike."""

    ring: KeyRing
    url: str
    hooks: list[ClaimsHook] = field(default_factory=list)
    most: int = 1000
    """Live tokens of one user."""

    def adds_claims(self, hook: ClaimsHook) -> ClaimsHook:
        """Register a function that is told user and scopes, and gives claims of your own to what is minted."""
        self.hooks.append(hook)
        return hook

    def issue(self, db: Session, user_id: UUID, wish: TokenRequest, proof: AuthenticationProof) -> Issued:
        """A token of a user, with its rows.

        Raises:
            NameTaken, AlreadyIssued, TooMany
        """
        alone(db, f"tokens of {user_id}")
        # What belongs to a script's login is no token beside it.
        others = credentials.live_token_count(db, user_id) - (wish.family_id is not None)
        if others >= self.most:
            raise TooManyTokens(self.most)
        if wish.family_id is None:
            free_ended_names(db, user_id)
        token_id = uuid4()
        credential = credentials.issue(
            db,
            id=token_id,
            key=token_id.hex,
            kind="token",
            user_id=user_id,
            lifetime=wish.lifetime,
            proof=proof,
            authority=wish.authority,
            family_id=wish.family_id,
        )
        entry = enter(db, user_id, wish, token_id)
        record(
            db,
            wish.event,
            user_id=user_id,
            credential_id=token_id,
            name=wish.name,
            **facts(wish.authority),
            **because(wish.reason),
            origin=wish.origin,
            amr=proof.amr,
        )
        return Issued(self.sign(credential), entry, credential)

    def sign(self, credential: Credential) -> str:
        claims = (
            gathered(self.hooks, credential.user_id, scopes_of(credential))
            | {
                "iss": self.url,
                "aud": self.url,
                "sub": str(credential.user_id),
                "client_id": CLIENT_ID,
                "jti": credential.key,
                "iat": int(credential.created_at.timestamp()),
                "exp": int(credential.expires_at.timestamp()),
                # For others who verify; here the row counts.
                "scope": " ".join(scopes_of(credential)),
            }
            | proven(credential)
        )
        if credential.authority and credential.authority.jkt:
            claims["cnf"] = {"jkt": credential.authority.jkt}
        return jwt.sign(claims, typ=TYP, key=self.ring.current())


def proven(credential: Credential) -> dict[str, Any]:
    """How and when its owner showed who they are, for whom it came from that (RFC 9068 §2.2.1)."""
    claims = {"acr": level_of(credential.amr).acr, "amr": credential.amr.split()}
    since = int(credential.auth_time.timestamp())
    # An operator shows nothing of the owner.
    return claims | ({"auth_time": since} if since > 0 else {})


def scopes_of(credential: Credential) -> list[str]:
    """In the order of their names."""
    return sorted(credential.authority.scopes) if credential.authority else []


def facts(authority: TokenGrant) -> dict[str, Any]:
    """What the log says of an authority: its bounds, as far as there are any."""
    found: dict[str, Any] = msgspec.to_builtins(authority, order="deterministic")
    return {"scopes": []} | found


def because(reason: str | None) -> dict[str, Any]:
    return {"reason": reason} if reason else {}


def checked_name(name: str) -> str:
    """A name as it may be given.

    Raises:
        NameUnfit
    """
    name = name.strip()
    if not SHORTEST <= len(name) <= LONGEST or not name.isprintable():
        raise TokenNameUnfit(
            _(
                "A token's name must have %(shortest)s to %(longest)s printable characters.",
                shortest=SHORTEST,
                longest=LONGEST,
            )
        )
    if is_stacked(name):
        raise TokenNameUnfit(STACKED)
    return name


def enter(db: Session, user_id: UUID, wish: TokenRequest, token_id: UUID) -> ApiToken:
    entry = ApiToken(
        id=token_id,
        user_id=user_id,
        name=wish.name,
        # Among those of one login no name is ever looked for.
        taken_name=None if wish.family_id else wish.name.casefold(),
        once=wish.once,
        origin=wish.origin,
        note=wish.note,
        reason=wish.reason,
        rotated_from=wish.rotated_from,
    )
    if entry.taken_name is None and entry.once is None and entry.rotated_from is None:
        # Nothing of it can be taken.
        db.add(entry)
        return entry
    try:
        with db.begin_nested():
            db.add(entry)
    except IntegrityError as error:
        former = db.scalar(select(ApiToken.id).where(ApiToken.user_id == user_id, ApiToken.once == wish.once))
        if wish.once is not None and former is not None:
            raise AlreadyIssued(former) from error
        raise TokenNameTaken(wish.name) from error
    return entry


def free_ended_names(db: Session, user_id: UUID) -> None:
    is_over = or_(Credential.expires_at <= now(), Credential.revoked_at.is_not(None))
    ended = select(Credential.id).where(Credential.user_id == user_id, is_over)
    is_taken = ApiToken.user_id == user_id, ApiToken.taken_name.is_not(None)
    db.execute(update(ApiToken).where(*is_taken, ApiToken.id.in_(ended)).values(taken_name=None))
