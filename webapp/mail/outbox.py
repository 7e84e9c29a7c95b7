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
from webapp.core.sealed_column import SealedColumn
from webapp.mail.models import OutgoingMail

# After this time another worker takes over the mails of one that crashed. Longer than a dozen steps of an SMTP session
# with the timeout of the transport each.
LEASE = timedelta(minutes=5)
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(hours=4)
UNREADABLE_WAIT = timedelta(hours=1)
"""Until a mail is looked at again that cannot be decrypted."""
MAX_TRIES = 12
CONTENTS = SealedColumn("mails", "mail", OutgoingMail.id, OutgoingMail.sealed, OutgoingMail.id)
# Several, because other workers may lease the first ones at the same moment.
CANDIDATES = 10
LONGEST_ERROR = 300
# Recipients and kinds of mails are personal data, so old ones are deleted, a limited number at a time.
RETENTION, BATCH_SIZE = timedelta(days=90), 500


# A mail without recipient costs as much as any other, so that timing does not show which accounts exist. The worker
# discards it, and no page shows it.
NO_EMAIL = ""
IS_MAIL = OutgoingMail.to != NO_EMAIL


class Content(msgspec.Struct, frozen=True):
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, repr=False)
class LeasedMail:
    """A mail that only this worker may send until the lease ends."""

    id: UUID
    to: str
    content: Content


def put(
    db: Session,
    encryptor: Encryptor,
    *,
    kind: str,
    to: str,
    content: Content,
    user_id: UUID | None = None,
    link_ends_at: datetime | None = None,
) -> UUID:
    """Store a mail in the transaction of its cause: it is sent only after the commit, and not lost by a restart.

    Args:
        sealer: encrypts the content.
        kind: name of the template.
        to: e-mail address.
        user_id: the mail is deleted with this account.
        link_ends_at: when the link that the mail is for ends; after that the mail is given up.

    Returns:
        Id of the mail.
    """
    mail_id = uuid4()
    mail = OutgoingMail(
        id=mail_id,
        kind=kind,
        user_id=user_id,
        to=to,
        sealed=encryptor.seal(msgspec.json.encode(content), belongs_to=str(mail_id)),
        created_at=now(),
        due_at=now(),
        tries=0,
        link_ends_at=link_ends_at,
    )
    db.add(mail)
    return mail_id


def lease(db: Session, encryptor: Encryptor) -> LeasedMail | None:
    """Lease the next mail that is due. One conditional UPDATE, so that only one of two workers gets it."""
    due_ids = (
        select(OutgoingMail.id).where(OutgoingMail.due_at <= now()).order_by(OutgoingMail.due_at).limit(CANDIDATES)
    )
    for mail_id in db.scalars(due_ids).all():
        leased = db.execute(
            update(OutgoingMail)
            .where(OutgoingMail.id == mail_id, OutgoingMail.due_at <= now())
            .values(due_at=now() + LEASE, tries=OutgoingMail.tries + 1)
            .returning(OutgoingMail.id)
        )
        if leased.first() is not None and (mail := opened(db.get_one(OutgoingMail, mail_id), encryptor)):
            return mail
    return None


def opened(mail: OutgoingMail, encryptor: Encryptor) -> LeasedMail | None:
    """The mail, decrypted; None if that is not possible, or it is given up because its link has ended meanwhile."""
    if mail.link_ends_at is not None and mail.link_ends_at <= now():
        # Its content is of no use any more: neither is it retried.
        mail.due_at, mail.sealed = None, None
        mail.last_error = f"its link ended before it could be sent. {mail.last_error or ''}".strip()[:LONGEST_ERROR]
        return None
    try:
        content = encryptor.open(mail.sealed or b"", belongs_to=str(mail.id))
    except DecryptionFailed:
        # Not given up: it can be sent once its secret key is back among the fallbacks.
        mail.due_at, mail.tries = now() + UNREADABLE_WAIT, mail.tries - 1
        mail.last_error = "its content cannot be decrypted with this secret key"
        return None
    return LeasedMail(mail.id, mail.to, msgspec.json.decode(content, type=Content))


def mark_sent(db: Session, mail_id: UUID, *, is_logged: bool = False) -> None:
    """Mark a mail as handed to the mail server, or written to the log."""
    # The row was deleted if the account was deleted while the mail was being sent.
    if mail := db.get(OutgoingMail, mail_id):
        mail.is_logged = is_logged
        mail.sent_at, mail.due_at, mail.sealed, mail.last_error = now(), None, None, None


def discard(db: Session, mail_id: UUID) -> None:
    """Delete a mail without recipient."""
    db.execute(delete(OutgoingMail).where(OutgoingMail.id == mail_id))


def record_failure(db: Session, mail_id: UUID, reason: str) -> None:
    """Record a failed attempt. The waiting time doubles each time; after half a day the mail is given up."""
    if mail := db.get(OutgoingMail, mail_id):
        mail.last_error = reason[:LONGEST_ERROR]
        mail.due_at = None if mail.tries >= MAX_TRIES else now() + wait_after(mail.tries)


def wait_after(tries: int) -> timedelta:
    wait: timedelta = FIRST_WAIT * 2 ** (tries - 1)
    return min(wait, LONGEST_WAIT)


def retry(db: Session, mail_id: UUID) -> OutgoingMail | None:
    """Make a failed mail due now. Returns None if there is nothing to send."""
    mail = db.get(OutgoingMail, mail_id)
    if mail is None or mail.sealed is None:
        return None
    mail.due_at, mail.tries = now(), 0
    return mail


def give_up_all(db: Session, *, before: datetime, reason: str) -> int:
    """Give up all pending mails that were created before a moment, unless somebody retries them.

    Returns:
        Number of mails with a recipient that were given up.
    """
    waits = OutgoingMail.due_at.is_not(None), OutgoingMail.created_at < before
    update_pending = update(OutgoingMail).where(*waits).values(due_at=None, last_error=reason[:LONGEST_ERROR])
    return sum(to != NO_EMAIL for to in db.scalars(update_pending.returning(OutgoingMail.to)))


def purge(db: Session) -> int:
    """A step of a job: delete old mails. Returns their number; less than ``BATCH_SIZE`` only when there are no more."""
    is_over = OutgoingMail.created_at <= now() - RETENTION, OutgoingMail.due_at.is_(None)
    found = db.scalars(select(OutgoingMail.id).where(*is_over).limit(BATCH_SIZE)).all()
    db.execute(delete(OutgoingMail).where(OutgoingMail.id.in_(found)))
    return len(found)


def unsent(db: Session) -> Sequence[OutgoingMail]:
    """Mails that are not sent, oldest first."""
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
    """Number of mails by state."""
    counts = (
        select(func.count()).where(*conditions, IS_MAIL).scalar_subquery().label(state)
        for state, conditions in STATES.items()
    )
    return dict(db.execute(select(*counts)).one()._mapping)


def oldest_waiting(db: Session) -> datetime | None:
    """When the oldest mail that waits was written."""
    return db.scalar(select(func.min(OutgoingMail.created_at)).where(*STATES["waiting"], IS_MAIL))


def latest(db: Session, *, limit: int = 50, before: datetime | None = None, state: str = "") -> Sequence[OutgoingMail]:
    """Mails, newest first.

    Args:
        state: one of ``STATES``, or empty for all.
    """
    query = select(OutgoingMail).where(IS_MAIL).order_by(OutgoingMail.created_at.desc()).limit(limit)
    query = query.where(*STATES[state]) if state else query
    return db.scalars(query.where(OutgoingMail.created_at < before) if before else query).all()


def of_user(db: Session, user_id: UUID) -> Sequence[OutgoingMail]:
    """Mails to a user, newest first."""
    return db.scalars(
        select(OutgoingMail).where(OutgoingMail.user_id == user_id).order_by(OutgoingMail.created_at.desc())
    ).all()


def count_of_user(db: Session, user_id: UUID, *, kinds: Sequence[str], since: datetime) -> int:
    """Number of mails of these kinds to a user since a moment."""
    written = OutgoingMail.user_id == user_id, OutgoingMail.kind.in_(kinds), OutgoingMail.created_at >= since
    return db.scalar(select(func.count()).where(*written)) or 0
