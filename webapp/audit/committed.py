"""Calls one observer with each audit event whose transaction was committed, for the metrics."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.audit.models import AuditEvent

KEPT = "committed_events"
"""Key in ``Session.info``: the events of the transaction, until it is committed."""
observer_of: list[Callable[[AuditEvent], None] | None] = [None]
"""Set by the application, because this layer knows no metrics; None: nothing is kept."""


# Before the events are numbered and inserted, which empties the list.
@event.listens_for(Session, "before_commit", insert=True)
def keep(db: Session) -> None:
    if observer_of[0] is not None and not db.in_nested_transaction() and (found := db.info.get(chain.WAITING)):
        db.info.setdefault(KEPT, []).extend(found)


@event.listens_for(Session, "after_commit")
def observe(db: Session) -> None:
    if KEPT in db.info and (observer := observer_of[0]) is not None:
        for found in db.info.pop(KEPT):
            observer(found)


@event.listens_for(Session, "after_rollback")
def discard(db: Session) -> None:
    db.info.pop(KEPT, None)
