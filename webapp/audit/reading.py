"""What happened: to one user, and on the whole site."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from webapp.audit.log import ROUTINE, Event, stored_names
from webapp.audit.models import AuditEvent


def is_one(event: str) -> ColumnElement[bool]:
    """Whether a row is of an event, by its present or former name."""
    names = stored_names(event)
    # One name is answered in order from one index, several are not.
    return AuditEvent.event.in_(names) if len(names) > 1 else AuditEvent.event == event


def of_user(db: Session, user_id: UUID, *, limit: int = 20) -> Sequence[AuditEvent]:
    """The latest first, without what scripts do by themselves all day."""
    query = select(AuditEvent).where(AuditEvent.user_id == user_id, AuditEvent.event.not_in(ROUTINE))
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()


def of_credential(
    db: Session, credential_id: UUID, *, user_id: UUID, refusals: bool = False, limit: int = 20
) -> Sequence[AuditEvent]:
    """The latest first: what happened to it, or where it was refused."""
    query = select(AuditEvent).where(AuditEvent.user_id == user_id, AuditEvent.credential_id == credential_id)
    is_refusal = AuditEvent.event == Event.ACCESS_REFUSED
    query = query.where(is_refusal if refusals else ~is_refusal)
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()


def moments(db: Session, user_id: UUID, event: str, *, since: datetime) -> Sequence[datetime]:
    """When ``event`` happened to a user."""
    query = select(AuditEvent.at).where(AuditEvent.user_id == user_id, is_one(event), AuditEvent.at >= since)
    return db.scalars(query).all()


def tail(db: Session, *, limit: int, after: datetime | None = None, event: str | None = None) -> Sequence[AuditEvent]:
    """The latest events of the site, the oldest of them first."""
    query = select(AuditEvent)
    query = query.where(AuditEvent.at > after) if after else query
    query = query.where(is_one(event)) if event else query
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()[::-1]


def latest(db: Session, event: str) -> datetime | None:
    """When ``event`` happened last; None where it never did, or was retired since."""
    return db.scalar(select(func.max(AuditEvent.at)).where(is_one(event)))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events; ``before`` is the seq of the last one of the page before."""

    user_id: UUID | None = None
    actor_id: UUID | None = None
    event: str = ""
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def search(db: Session, asked: AuditFilter, *, limit: int) -> Sequence[AuditEvent]:
    """The latest first; each filter alone, or none, is answered from one index, a page at a time."""
    return db.scalars(found(asked).limit(limit)).all()


def every(db: Session, asked: AuditFilter) -> Iterator[AuditEvent]:
    """The same without an end, for those who carry it away."""
    yield from db.scalars(found(asked).execution_options(yield_per=1000))


def found(asked: AuditFilter) -> Select[AuditEvent]:
    query = select(AuditEvent).order_by(AuditEvent.at.desc(), AuditEvent.seq.desc())
    for column in (AuditEvent.user_id, AuditEvent.actor_id, AuditEvent.address):
        if value := getattr(asked, column.key):
            query = query.where(column == value)
    query = query.where(is_one(asked.event)) if asked.event else query
    query = query.where(AuditEvent.at >= asked.since) if asked.since else query
    query = query.where(AuditEvent.at < asked.until) if asked.until else query
    if asked.before is not None:
        last = select(AuditEvent.at).where(AuditEvent.seq == asked.before).scalar_subquery()
        query = query.where(tuple_(AuditEvent.at, AuditEvent.seq) < tuple_(last, asked.before))
    return query


def count(db: Session, events: Sequence[str], *, since: datetime) -> int:
    query = select(func.count()).where(AuditEvent.event.in_(events), AuditEvent.at >= since)
    return db.scalar(query) or 0
