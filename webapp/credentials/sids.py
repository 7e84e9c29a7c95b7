"""The ``sid`` by which apps know a session, and what they were given only for that session."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.clock import now
from webapp.core.db import Instant
from webapp.core.driver_statements import RowQuery
from webapp.credentials.families import end_families
from webapp.credentials.lifecycle import live_condition
from webapp.credentials.models import Credential

IS_SESSION = Credential.kind == "session"
SID = RowQuery(select(Credential.sid).where(Credential.id == bindparam("session_id"), IS_SESSION))
LOCKED = RowQuery(
    select(Credential)
    .where(Credential.sid == bindparam("of"), IS_SESSION, live_condition(bindparam("moment", type_=Instant())))
    .with_for_update()
)


def sid_of(db: Session, session_id: UUID) -> UUID | None:
    """The ``sid`` of a session, which stays when a new proof of identity replaces it; None if there is none."""
    return SID.scalar(db, session_id=session_id)


def locked_session(db: Session, sid: UUID) -> Credential | None:
    """The live session with this ``sid``, read-only and locked.

    A concurrent end of the session waits, and then ends what was issued for it.
    """
    return LOCKED.scalar(db, of=sid, moment=now())


def is_open(sid: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """Whether there is a session with this ``sid`` that was not ended, though it may have expired."""
    return exists().where(Credential.sid == sid, IS_SESSION, Credential.revoked_at.is_(None))


def was_session_ended(
    sid: InstrumentedAttribute[UUID], *, since: InstrumentedAttribute[datetime]
) -> ColumnElement[bool]:
    """Whether a session with this ``sid`` was ended or replaced since then."""
    return exists().where(Credential.sid == sid, IS_SESSION, Credential.revoked_at >= since)


def is_live(sid: InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None]) -> ColumnElement[bool]:
    return exists().where(Credential.sid == sid, IS_SESSION, live_condition(now()))


def was_ended(credential_id: InstrumentedAttribute[UUID | None]) -> ColumnElement[bool]:
    """Whether a credential was ended, not merely expired or deleted."""
    return exists().where(Credential.id == credential_id, Credential.revoked_at.is_not(None))


def ended_sids(since: datetime) -> Select[UUID | None]:
    """The ``sid`` of sessions that were ended or replaced since then."""
    return select(Credential.sid).where(IS_SESSION, Credential.revoked_at >= since)


def ended_families(since: datetime) -> Select[UUID]:
    """The ids of script logins and logins to apps that were ended since then."""
    return select(Credential.id).where(Credential.kind == "refresh", Credential.revoked_at >= since)


def end_dependent_families(db: Session, session_ids: Collection[UUID]) -> None:
    """End refresh token families that depend on these sessions, which have ended."""
    sids = select(Credential.sid).where(Credential.id.in_(session_ids))
    end_families(db, select(Credential.id).where(Credential.sid.in_(sids), Credential.kind == "refresh"))
