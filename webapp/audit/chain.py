"""Hash chain of the audit log: each event has a digest over itself and the event before, so changes are detected."""

import hashlib
import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, event, func, select, update
from sqlalchemy.orm import Session

from webapp.audit.models import AuditEvent, AuditHead
from webapp.core.db import to_microseconds
from webapp.core.driver_statements import EntityInsert, RowChange, RowQuery, read_only

WAITING = "audit_events"
"""Key in ``Session.info``: events to append when the transaction commits."""
BEGINNING = bytes(32)
"""The digest before the first event."""
IDS = ("id", "user_id", "actor_id", "credential_id")
TEXTS = ("event", "address", "request_id")
HEAD = RowQuery(select(AuditHead))
HEAD_TO_WRITE = RowQuery(select(AuditHead).with_for_update())
NEW_EVENT = EntityInsert(AuditEvent)
# In one statement, which sees the head and the events as they were at one moment.
BEYOND_HEAD = select(func.min(AuditEvent.seq)).where(AuditEvent.seq > select(AuditHead.seq).scalar_subquery())
MOVE_HEAD = RowChange(update(AuditHead).values(seq=bindparam("last"), digest=bindparam("latest")))


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """Result of ``verify``."""

    events: int
    """Number of intact events."""
    last: int
    """``seq`` of the last event."""
    digest: str
    """Digest of the last event, in hex. A copy stored elsewhere shows later whether the whole chain was rewritten."""
    broken_at: int | None = None
    """``seq`` of the first event that was changed or is missing; None if the chain is intact."""


def canonical(entry: AuditEvent) -> bytes:
    """An event as canonical JSON, the same on every database."""
    members: dict[str, Any] = {name: str(value) for name in IDS if (value := getattr(entry, name)) is not None}
    members |= {name: value for name in TEXTS if (value := getattr(entry, name)) is not None}
    members |= {"seq": entry.seq, "at": to_microseconds(entry.at), "details": entry.details}
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def digest_of(former: bytes, entry: AuditEvent) -> bytes:
    """SHA-256 over the digest of the event before and this event."""
    return hashlib.sha256(former + canonical(entry)).digest()


def append(db: Session, **columns: Any) -> None:
    """Append an event to the chain, when the transaction commits.

    Not at once, because appending locks the head: a transaction that holds it while it waits for other rows could
    deadlock with another one.
    """
    db.info.setdefault(WAITING, []).append(read_only(AuditEvent, columns))


@event.listens_for(Session, "before_commit")
def link(db: Session) -> None:
    """Number the waiting events, compute their digests and insert them."""
    if db.in_nested_transaction() or not (waiting := db.info.pop(WAITING, [])):
        return
    head = head_of(db, for_update=True)
    former = head.digest
    for seq, entry in enumerate(waiting, head.seq + 1):
        numbered = vars(entry) | {"seq": seq}
        former = digest_of(former, read_only(AuditEvent, numbered))
        # Before the head: a trigger refuses events that are not beyond it.
        NEW_EVENT.into(db, **numbered, digest=former)
    MOVE_HEAD.run(db, last=head.seq + len(waiting), latest=former)


@event.listens_for(Session, "after_rollback")
def discard(db: Session) -> None:
    """Drop the events of a transaction that was rolled back."""
    db.info.pop(WAITING, None)


def head_of(db: Session, *, for_update: bool = False) -> AuditHead:
    """The only row of ``audit_head``, read-only.

    Args:
        for_update: lock it, so that no other process appends events until the end of the transaction.
    """
    head = (HEAD_TO_WRITE if for_update else HEAD).scalar(db)
    if head is None:
        raise LookupError("audit_head is empty")
    return head


def verify(db: Session) -> ChainVerdict:
    """Recompute the chain over all events that were not archived, up to the last one when this begins.

    On PostgreSQL, others may append and archive events meanwhile: each statement reads what is committed by then.
    """
    head = head_of(db)
    query = select(AuditEvent).where(AuditEvent.seq.between(head.sealed_seq + 1, head.seq)).order_by(AuditEvent.seq)
    first = head.sealed_seq + 1
    with closing(db.scalars(query.execution_options(yield_per=1000))) as entries:
        verdict = verdict_on(entries, first=first, former=head.sealed_digest, last=head.seq, digest=head.digest)
    if verdict.broken_at is None:
        return replace(verdict, broken_at=db.scalar(BEYOND_HEAD))
    is_archived = verdict.broken_at == first and head_of(db).sealed_seq >= first
    return verify(db) if is_archived else verdict


def verdict_on(entries: Iterable[AuditEvent], *, first: int, former: bytes, last: int, digest: bytes) -> ChainVerdict:
    """Check events in the order of ``seq``.

    Args:
        first: expected ``seq`` of the first event.
        former: digest of the event before it.
        last: expected ``seq`` of the last event.
        digest: expected digest of the last event.
    """
    seq = first
    for entry in entries:
        if entry.seq != seq or entry.digest != digest_of(former, entry):
            return ChainVerdict(seq - first, last, digest.hex(), broken_at=seq)
        former, seq = entry.digest, seq + 1
    is_whole = seq == last + 1 and former == digest
    return ChainVerdict(seq - first, last, digest.hex(), broken_at=None if is_whole else min(seq, last))
