"""Queries of the audit log: by user, by credential, and by filter over the whole site."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from webapp.audit.log import ROUTINE, Event, stored_names
from webapp.audit.models import AuditEvent, route_detail
from webapp.core.bounded_count import BoundedCount, bounded, number_of

# Events that have the URL rule of their request in ``route``.
OF_ROUTES = (Event.ACCESS_REFUSED.value, Event.PAGE_OPENED.value)


def is_one(event: str) -> ColumnElement[bool]:
    """SQL condition: the row is this event, under its present or a former name."""
    names = stored_names(event)
    # Not ``IN`` for a single name: with ``=``, one index gives the rows in order.
    return AuditEvent.event.in_(names) if len(names) > 1 else AuditEvent.event == event


def of_user(db: Session, user_id: UUID, *, limit: int = 20) -> Sequence[AuditEvent]:
    """The newest events of a user, the newest first, without the routine events of scripts (``log.ROUTINE``)."""
    query = select(AuditEvent).where(AuditEvent.user_id == user_id, AuditEvent.event.not_in(ROUTINE))
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()


def of_credential(
    db: Session, credential_id: UUID, *, user_id: UUID, refusals: bool = False, limit: int = 20
) -> Sequence[AuditEvent]:
    """The newest events of a credential, the newest first.

    Args:
        user_id: of its owner.
        refusals: only ``access.refused``; otherwise everything else.
    """
    query = select(AuditEvent).where(AuditEvent.user_id == user_id, AuditEvent.credential_id == credential_id)
    is_refusal = AuditEvent.event == Event.ACCESS_REFUSED
    query = query.where(is_refusal if refusals else ~is_refusal)
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()


def times_of(db: Session, user_id: UUID, event: str, *, since: datetime) -> Sequence[datetime]:
    """The times at which ``event`` happened to a user, in no particular order."""
    query = select(AuditEvent.at).where(AuditEvent.user_id == user_id, is_one(event), AuditEvent.at >= since)
    return db.scalars(query).all()


def tail(db: Session, *, limit: int, after: datetime | None = None, event: str | None = None) -> Sequence[AuditEvent]:
    """The newest events of the site, in the order in which they happened.

    Args:
        after: only events after this time.
        event: only this event.
    """
    query = select(AuditEvent)
    query = query.where(AuditEvent.at > after) if after else query
    query = query.where(is_one(event)) if event else query
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()[::-1]


def latest(db: Session, event: str) -> datetime | None:
    """When ``event`` last happened; None if it never did or has been archived since."""
    return db.scalar(select(func.max(AuditEvent.at)).where(is_one(event)))


def newest(db: Session) -> AuditEvent | None:
    """The last event of the chain."""
    return db.scalar(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1))


def contains_event(db: Session, event: AuditEvent) -> bool:
    """Whether the hash chain contains this event, so that it continues from there."""
    is_same = AuditEvent.seq == event.seq, AuditEvent.digest == event.digest
    return db.scalar(select(AuditEvent.id).where(*is_same)) is not None


def last_backup(db: Session) -> datetime | None:
    """When the last good backup was made: as recorded, or the one that this database was restored from."""
    query = select(AuditEvent.details).where(is_one(Event.DATABASE_RESTORED)).order_by(AuditEvent.at.desc())
    details = db.scalar(query.limit(1)) or {}
    restored = datetime.fromisoformat(details["made_at"]) if details.get("made_at") else None
    return max(filter(None, (latest(db, Event.SITE_BACKED_UP), restored)), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Conditions for ``search``; those that are empty do not count."""

    user_id: UUID | None = None
    actor_id: UUID | None = None
    event: str = ""
    ip_address: str = ""
    request_id: str = ""
    """As error pages show it and problems name it in ``instance``, with or without ``urn:uuid:``."""
    route: str = ""
    """URL rule, such as ``/reports/<int:number>``: requests to it that were refused, or recorded by ``audit=True``."""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    """``seq`` of the last event of the page before (keyset pagination)."""


def search(db: Session, criteria: AuditFilter, *, limit: int) -> Sequence[AuditEvent]:
    """The newest matching events, the newest first. No filter, or one alone, needs only one index."""
    return db.scalars(filtered(criteria).limit(limit)).all()


def search_all(db: Session, criteria: AuditFilter) -> Iterator[AuditEvent]:
    """All matching events, the newest first, read in batches; for exports."""
    yield from db.scalars(filtered(criteria).execution_options(yield_per=1000))


def filtered(criteria: AuditFilter) -> Select[AuditEvent]:
    query = select(AuditEvent).order_by(AuditEvent.at.desc(), AuditEvent.seq.desc())
    if criteria.user_id:
        query = query.where(AuditEvent.user_id == criteria.user_id)
    if criteria.actor_id:
        query = query.where(AuditEvent.actor_id == criteria.actor_id)
    if criteria.ip_address:
        query = query.where(AuditEvent.address == criteria.ip_address)
    if criteria.request_id:
        query = query.where(AuditEvent.request_id == criteria.request_id.strip().lower().removeprefix("urn:uuid:"))
    if criteria.route:
        # Events as an expression, so that the index of routes is used, which has them in order.
        query = query.where(route_detail == criteria.route, AuditEvent.event.concat("").in_(OF_ROUTES))
    query = query.where(is_one(criteria.event)) if criteria.event else query
    query = query.where(AuditEvent.at >= criteria.since) if criteria.since else query
    query = query.where(AuditEvent.at < criteria.until) if criteria.until else query
    if criteria.before is not None:
        last = select(AuditEvent.at).where(AuditEvent.seq == criteria.before).scalar_subquery()
        query = query.where(tuple_(AuditEvent.at, AuditEvent.seq) < tuple_(last, criteria.before))
    return query


def count(db: Session, events: Sequence[str], *, since: datetime) -> BoundedCount:
    """Number of events of these kinds on the whole site since then."""
    # One index has them in order for each kind alone.
    each = (select(AuditEvent.at).where(AuditEvent.event == event, AuditEvent.at >= since) for event in events)
    numbers = [number_of(query.order_by(AuditEvent.at)) for query in each]
    return bounded(sum(db.execute(select(*numbers)).one()))
