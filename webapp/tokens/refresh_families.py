"""Script logins: refresh token families (RFC 9700 §4.14.2) and the access tokens that belong to them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit.log import LONGEST_AGENT, Event, record
from webapp.core.clock import now
from webapp.core.digests import digest
from webapp.core.driver_statements import EntityInsert
from webapp.credentials import families
from webapp.credentials import lifecycle as credentials
from webapp.credentials.export_data import ids_of
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.live_counts import LiveLogins, live_logins
from webapp.credentials.models import Credential
from webapp.guard.token_grant import TokenGrant
from webapp.tokens import refresh_secret
from webapp.tokens.models import RefreshFamily, RefreshToken

NEW_FAMILY, NEW_TOKEN = EntityInsert(RefreshFamily), EntityInsert(RefreshToken)
MAX_LIVE = 4
"""Access tokens of one script login that may be live at once: the newest, and those that it has just replaced."""


@dataclass(frozen=True, slots=True)
class RefreshLifetimes:
    """How long a script stays logged in."""

    idle: timedelta | None
    """Lifetime without refreshing; None if it has no refresh token, only one access token."""
    lifetime: timedelta
    """Total lifetime, however often it refreshes."""


@dataclass(frozen=True, slots=True)
class ScriptClient:
    """The client that logs in: User-Agent and IP address."""

    user_agent: str
    ip_address: str | None


@dataclass(frozen=True, slots=True)
class FamilyTerms:
    """Permissions and lifetimes chosen at the login, for all its tokens."""

    grant: TokenGrant
    """Maximum permissions of its access tokens."""
    access_lifetime: timedelta
    ends: RefreshLifetimes
    app_name: str | None = None
    """Name of the app that ``grant`` names; None for a script."""
    sid: UUID | None = None
    """``sid`` of the session with which it ends or expires; None if it outlives it."""


@dataclass(frozen=True, slots=True, repr=False)
class NewFamily:
    """``secret`` is the first refresh token, which is not stored; None for a login without one."""

    secret: str | None
    credential: Credential


def begin(
    db: Session, user_id: UUID, terms: FamilyTerms, caller: ScriptClient, proof: AuthenticationProof
) -> NewFamily:
    """Start a script login, with its first refresh token if ``terms`` allow refreshing."""
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
        grant=terms.grant,
        sid=terms.sid,
    )
    NEW_FAMILY.into(
        db,
        id=family_id,
        client_id=UUID(terms.grant.client) if terms.grant.client else None,
        app_name=terms.app_name,
        access_lifetime=terms.access_lifetime,
        user_agent=caller.user_agent[:LONGEST_AGENT],
        ip_address=caller.ip_address,
    )
    return with_first_token(db, credential, terms)


def activate(db: Session, family_id: UUID, terms: FamilyTerms, caller: ScriptClient) -> NewFamily | None:
    """Start the lifetime of a family that a user allowed before its client called: it now lasts as ``terms`` say.

    Returns:
        None if it has ended or expired meanwhile.
    """
    moment, locked = now(), credentials.locked_credential(db, family_id)
    credential = credentials.find(db, family_id, kind="refresh")
    if locked is None or credential is None or not locked.is_live(moment):
        return None
    credential.grant, credential.expires_at = terms.grant, moment + terms.ends.lifetime
    credential.idle = terms.ends.idle
    credential.idle_at = moment + terms.ends.idle if terms.ends.idle else None
    family = db.get_one(RefreshFamily, family_id)
    family.access_lifetime = terms.access_lifetime
    family.user_agent, family.ip_address = caller.user_agent[:LONGEST_AGENT], caller.ip_address
    return with_first_token(db, credential, terms)


def with_first_token(db: Session, credential: Credential, terms: FamilyTerms) -> NewFamily:
    """The family with its first refresh token, if ``terms`` allow refreshing."""
    if terms.ends.idle is None:
        return NewFamily(None, credential)
    secret = refresh_secret.first()
    enter_token(db, secret, credential.id, generation=1)
    return NewFamily(secret, credential)


def enter_token(db: Session, secret: str, family_id: UUID, *, generation: int) -> None:
    NEW_TOKEN.into(db, digest=digest(secret), family_id=family_id, generation=generation, created_at=now())


def end(
    db: Session,
    family_id: UUID,
    *,
    event: Event = Event.REFRESH_ENDED,
    origin: str = "owner",
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> bool:
    """End a script login and its access tokens; False if it had been ended before.

    Args:
        origin: who ends it: its ``owner``, a ``holder`` of the token, an ``admin``, an operator by ``cli``, or the
            ``site`` itself.
        actor_id: the admin.
        reason: which the admin gave.
    """
    # The family first: a concurrent refresh has it locked, and its new token is then ended by the second statement.
    if not credentials.end(db, family_id):
        return False
    families.end_members(db, family_id)
    details = {"origin": origin} | ({"reason": reason} if reason else {})
    record(db, event, user_id=owner_of(db, family_id), actor_id=actor_id, credential_id=family_id, **details)
    return True


def end_access_tokens_of_client(db: Session, client_id: UUID, *, holding: Collection[str] = ()) -> None:
    """End the access tokens of a client; its logins stay.

    Args:
        holding: only those with one of these scopes or audiences; empty for all.
    """
    of_client = select(RefreshFamily.id).where(RefreshFamily.client_id == client_id)
    families.end_access_tokens(db, of_client, holding=holding)


def end_of_client(
    db: Session, client_id: UUID, *, user_id: UUID | None = None, origin: str, actor_id: UUID | None = None
) -> int:
    """End the refresh token families of a client, of one user or of all. Returns how many ended.

    Recorded for one user only: there may be very many, and the caller records the end of all.
    """
    families_of_client = select(RefreshFamily.id).where(RefreshFamily.client_id == client_id)
    families_of_client = (
        families_of_client.where(RefreshFamily.id.in_(ids_of(user_id))) if user_id else families_of_client
    )
    ended = families.end_families(db, families_of_client)
    for family_id in ended if user_id else ():
        record(db, Event.APP_ENDED, user_id=user_id, actor_id=actor_id, credential_id=family_id, origin=origin)
    return len(ended)


def live_of_client(db: Session, client_id: UUID) -> LiveLogins:
    """How many logins to an app are not ended, of how many users, and when the last one was."""
    return live_logins(db, select(RefreshFamily.id).where(RefreshFamily.client_id == client_id))


def supersede(db: Session, members: Sequence[Credential], ends_at: datetime) -> None:
    """End older access tokens of a script login that has got a new one.

    Args:
        members: live ones, the newest first; those beyond the number that may overlap end at once.
        ends_at: when the others end; leaves time for requests that were already sent.
    """
    moment = now()
    for place, member in enumerate(members, start=1):
        credentials.expire(db, member, by=ends_at if place < MAX_LIVE else moment)


def owner_of(db: Session, family_id: UUID) -> UUID | None:
    """The user id of a script login's owner."""
    family = credentials.find(db, family_id, kind="refresh")
    return family.user_id if family else None


def client_of(db: Session, family_id: UUID) -> UUID | None:
    """The app that a family was given to; None for a script login."""
    family = db.get(RefreshFamily, family_id)
    return family.client_id if family else None


def family_of(db: Session, token_id: UUID) -> UUID | None:
    """The family that an access token belongs to."""
    found = credentials.find(db, token_id, kind="token")
    return found.family_id if found else None


def end_own(db: Session, user_id: UUID, family_id: UUID) -> bool:
    """End a script login; False if it is not the user's or had been ended before."""
    return owner_of(db, family_id) == user_id and end(db, family_id)
