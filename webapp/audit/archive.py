"""Old events are taken out whole: written to a file with their chain, sealed by the head, and only then removed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.audit.chain import head_of
from webapp.audit.log import Event, record
from webapp.audit.models import AuditEvent


@dataclass(frozen=True, slots=True)
class Retired:
    events: int
    last: int
    digest: str


def retire(db: Session, *, before: datetime, write: Callable[[Iterable[AuditEvent]], None], file: str) -> Retired:
    """Take out what happened before a moment, in the order of the chain and without a gap.

    Args:
        write: puts the events where they are kept, safely, before it returns; it raises, and nothing is removed.
        file: what the event of this deed says of where that is.
    """
    head = head_of(db, for_update=True)
    first_kept = db.scalar(select(func.min(AuditEvent.seq)).where(AuditEvent.at >= before))
    last = head.seq if first_kept is None else first_kept - 1
    if last <= head.sealed_seq:
        return Retired(0, head.sealed_seq, head.sealed_digest.hex())
    order = select(AuditEvent).where(AuditEvent.seq <= last).order_by(AuditEvent.seq)
    write(db.scalars(order.execution_options(yield_per=1000)))
    count = last - head.sealed_seq
    digest = db.scalars(select(AuditEvent.digest).where(AuditEvent.seq == last)).one()
    head.sealed_seq, head.sealed_digest = last, digest
    # First the seal, then the rows: the database lets go of nothing that is not sealed.
    db.flush()
    db.execute(delete(AuditEvent).where(AuditEvent.seq <= last), execution_options={"synchronize_session": False})
    record(db, Event.AUDIT_RETIRED, events=count, last=last, digest=digest.hex(), file=file)
    return Retired(count, last, digest.hex())
