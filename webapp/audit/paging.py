"""event_page(): the audit events of one user, filtered by kind, with keyset pagination, so new events shift no page."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from webapp.audit.log import REFUSALS, ROUTINE
from webapp.audit.models import AuditEvent

PAGE = 30
LOOKED_THROUGH = 10_000
"""Events among which those of a kind are looked for: where few are of it, all events of a user would else be read."""
LOGINS = "session", "login", "code", "recovery-code", "passkey", "browser"


def begins(*nouns: str) -> ColumnElement[bool]:
    """SQL condition: the event is of one of these nouns, such as ``session`` for ``session.started``."""
    return or_(*(AuditEvent.event.startswith(f"{noun}.", autoescape=True) for noun in nouns))


KINDS: dict[str, ColumnElement[bool]] = {
    "logins": begins(*LOGINS),
    "tokens": begins("token", "refresh"),
    "account": not_(begins(*LOGINS, "token", "refresh", "access", "page")),
    "refusals": AuditEvent.event.in_([event.value for event in REFUSALS]),
    "news": AuditEvent.event.not_in(ROUTINE),
}


class EventUnknown(Exception):
    """No such event, or it belongs to another user."""


def event_page(
    db: Session,
    user_id: UUID,
    *,
    kind: str | None = None,
    before: UUID | None = None,
    after: UUID | None = None,
    size: int = PAGE,
    among: int | None = LOOKED_THROUGH,
) -> Sequence[AuditEvent]:
    """One page of a user's events, the newest first.

    Args:
        kind: a key of ``KINDS``; None for all events.
        before: the page of events older than this one.
        after: the page of events newer than this one; ignored together with ``before``.
        among: how many events from there on are looked through for those of the kind; None for all.

    Raises:
        EventUnknown: ``before`` or ``after`` is no event of this user.
    """
    conditions, is_backward = beyond(db, user_id, before, after), after is not None and before is None
    if kind:
        end = end_of_search(db, conditions, among, is_backward=is_backward) if among else None
        conditions += [] if end is None else [AuditEvent.at <= end if is_backward else AuditEvent.at >= end]
        conditions.append(KINDS[kind])
    query = select(AuditEvent).where(and_(*conditions)).limit(size)
    if is_backward:
        return db.scalars(query.order_by(AuditEvent.at, AuditEvent.id)).all()[::-1]
    return db.scalars(query.order_by(AuditEvent.at.desc(), AuditEvent.id.desc())).all()


def end_of_search(
    db: Session, conditions: list[ColumnElement[bool]], among: int, *, is_backward: bool
) -> datetime | None:
    """The time of the last of so many events; None if there are fewer. One index answers."""
    query = select(AuditEvent.at).where(and_(*conditions)).offset(among - 1).limit(1)
    return db.scalar(query.order_by(AuditEvent.at if is_backward else AuditEvent.at.desc()))


def last_looked_through(db: Session, user_id: UUID, *, before: UUID | None, after: UUID | None) -> UUID | None:
    """The event from which to go on looking for those of a kind; None if all were looked through."""
    conditions, is_backward = beyond(db, user_id, before, after), after is not None and before is None
    if (end := end_of_search(db, conditions, LOOKED_THROUGH, is_backward=is_backward)) is None:
        return None
    same_time = select(AuditEvent.id).where(AuditEvent.user_id == user_id, AuditEvent.at == end)
    return db.scalar(same_time.order_by(AuditEvent.id.desc() if is_backward else AuditEvent.id).limit(1))


def beyond(db: Session, user_id: UUID, before: UUID | None, after: UUID | None) -> list[ColumnElement[bool]]:
    """SQL conditions: the event is of the user, and before or after another one of theirs."""
    if (edge_id := before or after) is None:
        return [AuditEvent.user_id == user_id]
    edge = event_of_user(db, user_id, edge_id)
    return [AuditEvent.user_id == user_id, earlier(edge) if before else later(edge)]


def earlier(edge: AuditEvent) -> ColumnElement[bool]:
    return tuple_(AuditEvent.at, AuditEvent.id) < (edge.at, edge.id)


def later(edge: AuditEvent) -> ColumnElement[bool]:
    return tuple_(AuditEvent.at, AuditEvent.id) > (edge.at, edge.id)


def event_of_user(db: Session, user_id: UUID, event_id: UUID) -> AuditEvent:
    """One event of a user.

    Raises:
        EventUnknown
    """
    event = db.get(AuditEvent, event_id)
    if event is None or event.user_id != user_id:
        raise EventUnknown
    return event
