"""Each event carries a digest over itself and the one before it: whoever changes or removes one breaks the chain."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from webapp.audit.models import AuditEvent, AuditHead
from webapp.core.db import to_microseconds

WAITING = "audit_events"
BEGINNING = bytes(32)
IDS = ("id", "user_id", "actor_id", "credential_id")
TEXTS = ("event", "address", "request_id")
HEAD = select(AuditHead)
HEAD_TO_WRITE = HEAD.with_for_update()


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """``broken_at`` is the first seq that is changed or missing; None where all is as it was written."""

    events: int
    last: int
    digest: str
    """Of the last event. Kept elsewhere, it shows later whether somebody wrote the whole chain anew."""
    broken_at: int | None = None


def canonical(entry: AuditEvent) -> bytes:
    """The same bytes for the same event, whatever database it was read from."""
    members: dict[str, Any] = {name: str(value) for name in IDS if (value := getattr(entry, name)) is not None}
    members |= {name: value for name in TEXTS if (value := getattr(entry, name)) is not None}
    members |= {"seq": entry.seq, "at": to_microseconds(entry.at), "details": entry.details}
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def digest_of(former: bytes, entry: AuditEvent) -> bytes:
    return hashlib.sha256(former + canonical(entry)).digest()


def append(db: Session, entry: AuditEvent) -> None:
    """Into the chain when its transaction commits, and only then.

    The head is locked by whoever writes to it. Taken first, it would be held while the deed still waits for other rows,
    and two deeds could wait for each other.
    """
    db.info.setdefault(WAITING, []).append(entry)


@event.listens_for(Session, "before_commit")
def link(db: Session) -> None:
    if db.in_nested_transaction() or not (waiting := db.info.pop(WAITING, [])):
        return
    db.flush()
    head = head_of(db, for_update=True)
    former = head.digest
    for seq, entry in enumerate(waiting, head.seq + 1):
        entry.seq = seq
        entry.digest = former = digest_of(former, entry)
    # The events before the head: where it has gone past a number, the database takes no event of that number.
    db.add_all(waiting)
    db.flush()
    head.seq, head.digest = waiting[-1].seq, former


@event.listens_for(Session, "after_rollback")
def forget(db: Session) -> None:
    db.info.pop(WAITING, None)


def head_of(db: Session, *, for_update: bool = False) -> AuditHead:
    return db.scalars(HEAD_TO_WRITE if for_update else HEAD).one()


def verify(db: Session) -> ChainVerdict:
    """Read every event in its order, and compute the chain anew."""
    head = head_of(db)
    query = select(AuditEvent).where(AuditEvent.seq > head.sealed_seq).order_by(AuditEvent.seq)
    entries = db.scalars(query.execution_options(yield_per=1000))
    return verdict_on(entries, first=head.sealed_seq + 1, former=head.sealed_digest, last=head.seq, digest=head.digest)


def verdict_on(entries: Iterable[AuditEvent], *, first: int, former: bytes, last: int, digest: bytes) -> ChainVerdict:
    seq = first
    for entry in entries:
        if entry.seq != seq or entry.digest != digest_of(former, entry):
            return ChainVerdict(seq - first, last, digest.hex(), broken_at=seq)
        former, seq = entry.digest, seq + 1
    is_whole = seq == last + 1 and former == digest
    return ChainVerdict(seq - first, last, digest.hex(), broken_at=None if is_whole else min(seq, last))
