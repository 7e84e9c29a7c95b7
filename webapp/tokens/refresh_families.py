"""begin, end: the login of a script, and all the tokens that come from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from webapp.audit.log import LONGEST_AGENT, Event, record
from webapp.core.clock import now
from webapp.core.digests import digest
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.tokens import refresh_secret
from webapp.tokens.models import RefreshFamily, RefreshToken

MOST_LIVE = 4
"""Access tokens of one script login that may work at once: the latest, and those that it has just replaced."""


@dataclass(frozen=True, slots=True)
class RefreshLifetimes:
    """How long a script stays logged in."""

    idle: timedelta | None
    """Unless it refreshes before; None where it cannot, and has its one token."""
    lifetime: timedelta
    """However often it does."""


@dataclass(frozen=True, slots=True)
class ScriptClient:
    user_agent: str
    address: str | None


@dataclass(frozen=True, slots=True)
class FamilyTerms:
    """What was agreed at the login, and holds for all that comes from it."""

    authority: TokenGrant
    """The most that a token of it may have."""
    access_lifetime: timedelta
    ends: RefreshLifetimes


@dataclass(frozen=True, slots=True, repr=False)
class NewFamily:
    """``secret`` is told once and kept nowhere; None where it does not refresh."""

    secret: str | None
    credential: Credential


def begin(
    db: Session, user_id: UUID, terms: FamilyTerms, caller: ScriptClient, proof: AuthenticationProof
) -> NewFamily:
    """A new family, with its first refresh token where it has any."""
    family_id = uuid4()
    credential = credentials.issue(
        db,
        id=family_id,
        key=family_id.hex,
        kind="refresh",
        user_id=user_id,
        lifetime=terms.ends.lifetime,
        idle=terms.ends.idle,
        proof=proof,
        authority=terms.authority,
    )
    family = RefreshFamily(
        id=family_id,
        access_lifetime=terms.access_lifetime,
        user_agent=caller.user_agent[:LONGEST_AGENT],
        address=caller.address,
    )
    db.add(family)
    db.flush()
    if terms.ends.idle is None:
        return NewFamily(None, credential)
    secret = refresh_secret.first()
    db.add(RefreshToken(digest=digest(secret), family_id=family_id, generation=1, created_at=credential.created_at))
    return NewFamily(secret, credential)


def end(db: Session, family_id: UUID, *, event: Event = Event.REFRESH_ENDED, origin: str = "owner") -> bool:
    """End a family and all that has come from it; whether it had not ended before.

    Args:
        origin: who ends it: its ``owner``, a ``holder`` of the token, an operator by ``cli``, or the ``site`` itself.
    """
    # The family first: whoever refreshes holds it, so what they mint is there for the second statement to end.
    if not credentials.end(db, family_id):
        return False
    credentials.end_members(db, family_id)
    record(db, event, user_id=owner_of(db, family_id), credential_id=family_id, origin=origin)
    return True


def supersede(db: Session, members: Sequence[Credential], ends_at: datetime) -> None:
    """Let access tokens of a script login end once it has been given another.

    Args:
        members: those that work, the newest first; what is beyond the few that may overlap ends at once.
        ends_at: when requests that were on their way have arrived.
    """
    moment = now()
    for place, member in enumerate(members, start=1):
        member.expires_at = min(member.expires_at, ends_at if place < MOST_LIVE else moment)
    db.flush()


def owner_of(db: Session, family_id: UUID) -> UUID | None:
    family = credentials.find(db, family_id, kind="refresh")
    return family.user_id if family else None


def end_own(db: Session, user_id: UUID, family_id: UUID) -> bool:
    """Whether it was this user's, and had not ended before."""
    return owner_of(db, family_id) == user_id and end(db, family_id)
