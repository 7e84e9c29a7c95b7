"""event_page(): the audit events of one user, filtered by kind, with keyset pagination, so new events shift no page."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, and_, not_, or_, select, tuple_
from sqlalchemy.orm import Session

from webapp.audit.log import REFUSALS, ROUTINE
from webapp.audit.models import AuditEvent

PAGE = 30
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
) -> Sequence[AuditEvent]:
    """One page of a user's events, the newest first.

    Args:
        kind: a key of ``KINDS``; None for all events.
        before: the page of events older than this one.
        after: the page of events newer than this one; ignored together with ``before``.

    Raises:
        EventUnknown: ``before`` or ``after`` is no event of this user.
    """
    wanted = [AuditEvent.user_id == user_id, *([KINDS[kind]] if kind else [])]
    if (edge_id := before or after) is not None:
        edge = event_of_user(db, user_id, edge_id)
        wanted.append(earlier(edge) if before else later(edge))
    query = select(AuditEvent).where(and_(*wanted)).limit(size)
    if after and not before:
        return db.scalars(query.order_by(AuditEvent.at, AuditEvent.id)).all()[::-1]
    return db.scalars(query.order_by(AuditEvent.at.desc(), AuditEvent.id.desc())).all()


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
