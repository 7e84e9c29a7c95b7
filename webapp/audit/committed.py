"""Calls the observer of a database with each audit event whose transaction was committed, for the metrics."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.audit.models import AuditEvent

COMMITTED_EVENTS = "committed_events"
"""Key in ``Session.info``: the events of the transaction, until it is committed."""
observers: WeakKeyDictionary[Any, Callable[[AuditEvent], None]] = WeakKeyDictionary()
"""By engine. Set by the application, because this layer knows no metrics; of other databases nothing is kept."""


# Before the events are numbered and inserted, which empties the list.
@event.listens_for(Session, "before_commit", insert=True)
def keep_events(db: Session) -> None:
    if db.bind in observers and not db.in_nested_transaction() and (waiting := db.info.get(chain.WAITING)):
        db.info.setdefault(COMMITTED_EVENTS, []).extend(waiting)


@event.listens_for(Session, "after_commit")
def observe(db: Session) -> None:
    for committed in db.info.pop(COMMITTED_EVENTS, ()):
        observers[db.bind](committed)


@event.listens_for(Session, "after_rollback")
def discard(db: Session) -> None:
    db.info.pop(COMMITTED_EVENTS, None)
