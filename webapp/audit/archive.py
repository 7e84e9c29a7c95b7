"""archive_events(): moves old audit events, with their chain, to a file, and deletes them from the database."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.audit.chain import head_of
from webapp.audit.log import Event, record
from webapp.audit.models import AuditEvent, AuditHead


@dataclass(frozen=True, slots=True)
class ArchivedEvents:
    """Number of archived events; ``seq`` and digest (hex) of the last one, at which the remaining chain begins."""

    events: int
    last: int
    digest: str


def archive_events(
    db: Session, *, before: datetime, write: Callable[[Iterable[AuditEvent]], None], file: str
) -> ArchivedEvents:
    """Archive all events before the first one that is not older than ``before``, so that the chain has no gap.

    Args:
        write: stores the events durably before it returns. If it raises, nothing is deleted.
        file: where they are stored, for the audit event that records this.
    """
    head = head_of(db, for_update=True)
    first_kept = db.scalar(select(func.min(AuditEvent.seq)).where(AuditEvent.at >= before))
    last = head.seq if first_kept is None else first_kept - 1
    if last <= head.sealed_seq:
        return ArchivedEvents(0, head.sealed_seq, head.sealed_digest.hex())
    order = select(AuditEvent).where(AuditEvent.seq <= last).order_by(AuditEvent.seq)
    write(db.scalars(order.execution_options(yield_per=1000)))
    count = last - head.sealed_seq
    digest = db.scalars(select(AuditEvent.digest).where(AuditEvent.seq == last)).one()
    # First the head: a trigger refuses to delete events beyond ``sealed_seq``.
    db.execute(update(AuditHead).values(sealed_seq=last, sealed_digest=digest))
    db.execute(delete(AuditEvent).where(AuditEvent.seq <= last), execution_options={"synchronize_session": False})
    record(db, Event.AUDIT_RETIRED, events=count, last=last, digest=digest.hex(), file=file)
    return ArchivedEvents(count, last, digest.hex())
