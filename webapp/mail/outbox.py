"""The outbox: mails are stored in the transaction of their cause, leased by one sender at a time, and retried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.encryption import DecryptionFailed, Encryptor
from webapp.mail.models import OutgoingMail

# A sender that dies leaves its mail to others after so long: the dozen steps of an encrypted SMTP session, each as slow
# as the transport bears, are over before.
LEASE = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=4)
MAX_TRIES = 12
# Others may take the first ones at the same moment.
CANDIDATES = 10
LONGEST_ERROR = 300
# Recipients and kinds of mails are personal data: old ones are deleted, some at a time.
KEPT, MOST = timedelta(days=90), 500


# A mail to nobody costs what any other does, so that others cannot tell whether there was somebody to write to. It is
# thrown away by the sender, and shown nowhere.
NO_ADDRESS = ""
IS_MAIL = OutgoingMail.to != NO_ADDRESS


class Content(msgspec.Struct, frozen=True):
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, repr=False)
class LeasedMail:
    """A mail that is this sender's until its lease ends."""

    id: UUID
    to: str
    content: Content


def put(db: Session, sealer: Encryptor, *, kind: str, to: str, content: Content, user_id: UUID | None = None) -> UUID:
    """In the transaction of the cause: no mail about what was rolled back, and none is lost by a restart."""
    mail_id = uuid4()
    mail = OutgoingMail(
        id=mail_id,
        kind=kind,
        user_id=user_id,
        to=to,
        sealed=sealer.seal(msgspec.json.encode(content), belongs_to=str(mail_id)),
        created_at=now(),
        due_at=now(),
        tries=0,
    )
    db.add(mail)
    return mail_id


def take(db: Session, sealer: Encryptor) -> LeasedMail | None:
    """The next that is due, leased to the caller by one conditional statement, so that two senders send once."""
    due = select(OutgoingMail.id).where(OutgoingMail.due_at <= now()).order_by(OutgoingMail.due_at).limit(CANDIDATES)
    for mail_id in db.scalars(due).all():
        leased = db.execute(
            update(OutgoingMail)
            .where(OutgoingMail.id == mail_id, OutgoingMail.due_at <= now())
            .values(due_at=now() + LEASE, tries=OutgoingMail.tries + 1)
            .returning(OutgoingMail.id)
        )
        if leased.first() is not None and (taken := opened(db.get_one(OutgoingMail, mail_id), sealer)):
            return taken
    return None


def opened(mail: OutgoingMail, sealer: Encryptor) -> LeasedMail | None:
    try:
        content = sealer.open(mail.sealed or b"", belongs_to=str(mail.id))
    except DecryptionFailed:
        mail.due_at, mail.last_error = None, "its content cannot be decrypted with this secret key"
        return None
    return LeasedMail(mail.id, mail.to, msgspec.json.decode(content, type=Content))


def sent(db: Session, mail_id: UUID, *, is_logged: bool = False) -> None:
    """It was handed to the mail server, or written to the log."""
    # Gone with its user, where they were deleted while it was being sent.
    if mail := db.get(OutgoingMail, mail_id):
        mail.is_logged = is_logged
        mail.sent_at, mail.due_at, mail.sealed, mail.last_error = now(), None, None, None


def discard(db: Session, mail_id: UUID) -> None:
    """It was to nobody."""
    db.execute(delete(OutgoingMail).where(OutgoingMail.id == mail_id))


def failed(db: Session, mail_id: UUID, reason: str) -> None:
    """Wait twice as long each time, and give up after half a day of tries."""
    if mail := db.get(OutgoingMail, mail_id):
        mail.last_error = reason[:LONGEST_ERROR]
        mail.due_at = None if mail.tries >= MAX_TRIES else now() + wait_after(mail.tries)


def wait_after(tries: int) -> timedelta:
    wait: timedelta = FIRST_WAIT * 2 ** (tries - 1)
    return min(wait, LONGEST_WAIT)


def retry(db: Session, mail_id: UUID) -> OutgoingMail | None:
    """The mail, if there is still something to send."""
    mail = db.get(OutgoingMail, mail_id)
    if mail is None or mail.sealed is None:
        return None
    mail.due_at, mail.tries = now(), 0
    return mail


def give_up_all(db: Session, *, before: datetime, reason: str) -> int:
    """Send none that was made before, unless it is retried by hand. Returns how many real mails waited."""
    waits = OutgoingMail.due_at.is_not(None), OutgoingMail.created_at < before
    held = update(OutgoingMail).where(*waits).values(due_at=None, last_error=reason[:LONGEST_ERROR])
    return sum(to != NO_ADDRESS for to in db.scalars(held.returning(OutgoingMail.to)))


def purge(db: Session) -> int:
    """Throw away what was sent or given up long ago. Returns how many; fewer than ``MOST`` where there are no more."""
    is_over = OutgoingMail.created_at <= now() - KEPT, OutgoingMail.due_at.is_(None)
    found = db.scalars(select(OutgoingMail.id).where(*is_over).limit(MOST)).all()
    db.execute(delete(OutgoingMail).where(OutgoingMail.id.in_(found)))
    return len(found)


def unsent(db: Session) -> Sequence[OutgoingMail]:
    """What is not sent, the oldest first."""
    query = select(OutgoingMail).where(OutgoingMail.sent_at.is_(None), IS_MAIL)
    return db.scalars(query.order_by(OutgoingMail.created_at)).all()


# ``OutgoingMail.state`` as conditions of a query.
STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    "waiting": (OutgoingMail.due_at.is_not(None),),
    "sent": (OutgoingMail.sent_at.is_not(None), OutgoingMail.is_logged.is_(False)),
    "logged": (OutgoingMail.sent_at.is_not(None), OutgoingMail.is_logged.is_(True)),
    "failed": (OutgoingMail.due_at.is_(None), OutgoingMail.sent_at.is_(None)),
}


def states(db: Session) -> dict[str, int]:
    """How many wait, were sent, were only written to the log, and were given up."""
    counted = (
        select(func.count()).where(*are, IS_MAIL).scalar_subquery().label(state) for state, are in STATES.items()
    )
    return dict(db.execute(select(*counted)).one()._mapping)


def latest(db: Session, *, limit: int = 50, before: datetime | None = None, state: str = "") -> Sequence[OutgoingMail]:
    """
    Args:
        state: one of ``STATES``, or empty for all.
    """
    query = select(OutgoingMail).where(IS_MAIL).order_by(OutgoingMail.created_at.desc()).limit(limit)
    query = query.where(*STATES[state]) if state else query
    return db.scalars(query.where(OutgoingMail.created_at < before) if before else query).all()


def of_user(db: Session, user_id: UUID) -> Sequence[OutgoingMail]:
    """What was written to one user, the latest first."""
    return db.scalars(
        select(OutgoingMail).where(OutgoingMail.user_id == user_id).order_by(OutgoingMail.created_at.desc())
    ).all()


def count_of_user(db: Session, user_id: UUID, *, kinds: Sequence[str], since: datetime) -> int:
    """How many mails of these kinds were written to one user."""
    written = OutgoingMail.user_id == user_id, OutgoingMail.kind.in_(kinds), OutgoingMail.created_at >= since
    return db.scalar(select(func.count()).where(*written)) or 0
