"""Calls the observer of a database with each audit event whose transaction was committed, for the metrics."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.audit import chain
from webapp.audit.models import AuditEvent

KEPT = "committed_events"
"""Key in ``Session.info``: the events of the transaction, until it is committed."""
observers: WeakKeyDictionary[Any, Callable[[AuditEvent], None]] = WeakKeyDictionary()
"""By engine. Set by the application, because this layer knows no metrics; of other databases nothing is kept."""


# Before the events are numbered and inserted, which empties the list.
@event.listens_for(Session, "before_commit", insert=True)
def keep(db: Session) -> None:
    if db.bind in observers and not db.in_nested_transaction() and (found := db.info.get(chain.WAITING)):
        db.info.setdefault(KEPT, []).extend(found)


@event.listens_for(Session, "after_commit")
def observe(db: Session) -> None:
    for found in db.info.pop(KEPT, ()):
        observers[db.bind](found)


@event.listens_for(Session, "after_rollback")
def discard(db: Session) -> None:
    db.info.pop(KEPT, None)
