"""Logout tokens to be sent: leased by one sender at a time, and retried with growing waits until they are given up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.oauth.models import AppSession, LogoutNotice, OAuthClient, RemovedClient
from webapp.oauth.subjects import subject_of

LEASE = timedelta(minutes=1)
"""After this time another process takes over what one that crashed was sending; longer than a request may take."""
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=4)
MAX_TRIES = 12
MAX_AGE = timedelta(days=1)
"""An app whose sessions last longer than that will hardly be reached by a later try."""
CANDIDATES = 10
LONGEST_ERROR = 300
RETENTION, BATCH_SIZE = timedelta(days=30), 500


@dataclass(frozen=True, slots=True)
class LeasedNotice:
    """A notice that only this worker may send until the lease ends."""

    id: UUID
    client_id: UUID
    url: str
    subject: str
    """The ``sub`` of the user for the app."""
    sid: UUID
    wants_rs256: bool


def is_due() -> ColumnElement[bool]:
    return LogoutNotice.due_at <= now()


def has_due(db: Session) -> bool:
    return db.scalar(select(LogoutNotice.id).where(is_due()).limit(1)) is not None


def lease(db: Session) -> LeasedNotice | None:
    """Lease the next notice that is due. One conditional UPDATE, so that only one of two workers gets it."""
    due_ids = select(LogoutNotice.id).where(is_due()).order_by(LogoutNotice.due_at).limit(CANDIDATES)
    for notice_id in db.scalars(due_ids).all():
        leased = update(LogoutNotice).where(LogoutNotice.id == notice_id, is_due())
        leased = leased.values(due_at=now() + LEASE, tries=LogoutNotice.tries + 1)
        if db.execute(leased.returning(LogoutNotice.id)).first() is not None:
            notice = db.get_one(LogoutNotice, notice_id)
            client = recipient(db, notice.client_id)
            url, is_rs256 = client.backchannel_logout_uri, client.wants_rs256
            subject = subject_of(client, notice.user_id)
            return LeasedNotice(notice.id, client.id, url, subject, notice.sid, is_rs256)
    return None


def recipient(db: Session, client_id: UUID) -> OAuthClient | RemovedClient:
    return db.get(OAuthClient, client_id) or db.get_one(RemovedClient, client_id)


def mark_sent(db: Session, notice_id: UUID) -> None:
    # The row was deleted if the URL of the app was removed meanwhile.
    if notice := db.get(LogoutNotice, notice_id):
        notice.sent_at, notice.due_at, notice.last_error = now(), None, None


def record_failure(db: Session, notice_id: UUID, reason: str) -> None:
    """Record a failed attempt. The waiting time doubles each time, for all notices to the same app."""
    notice = db.get(LogoutNotice, notice_id)
    if notice is None:
        return
    notice.last_error = reason[:LONGEST_ERROR]
    if notice.tries >= MAX_TRIES:
        notice.due_at = None
        record_given_up(db, notice.client_id, 1, reason)
        return
    notice.due_at = now() + wait_after(notice.tries)
    db.flush()
    # The others would only wait for the same timeout, one after the other, and those of other apps behind them.
    others = LogoutNotice.client_id == notice.client_id, LogoutNotice.due_at < notice.due_at
    db.execute(update(LogoutNotice).where(*others).values(due_at=notice.due_at))


def wait_after(tries: int) -> timedelta:
    wait: timedelta = FIRST_WAIT * 2 ** (tries - 1)
    return min(wait, LONGEST_WAIT)


def give_up_old(db: Session) -> int:
    """A step of a job: give up what could not be sent for a day. Returns how many."""
    old = LogoutNotice.due_at.is_not(None), LogoutNotice.created_at <= now() - MAX_AGE
    update_old = update(LogoutNotice).where(*old).values(due_at=None).returning(LogoutNotice.client_id)
    by_client = Counter(db.scalars(update_old).all())
    for client_id, count in by_client.items():
        record_given_up(db, client_id, count, "none was accepted within a day")
    return by_client.total()


def record_given_up(db: Session, client_id: UUID, count: int, reason: str) -> None:
    name = recipient(db, client_id).name
    record(db, Event.LOGOUT_GIVEN_UP, client=str(client_id), name=name, count=count, reason=reason.rstrip("."))


def retry(db: Session, notice_id: UUID, *, actor_id: UUID) -> LogoutNotice | None:
    """Make a notice that was not sent due now. Returns None if there is none."""
    notice = db.get(LogoutNotice, notice_id)
    if notice is None or notice.sent_at is not None:
        return None
    notice.due_at, notice.tries = now(), 0
    name = recipient(db, notice.client_id).name
    record(db, Event.LOGOUT_RETRIED, actor_id=actor_id, client=str(notice.client_id), name=name)
    return notice


def purge(db: Session) -> int:
    """A step of a job: delete old notices. Returns how many."""
    is_over = LogoutNotice.created_at <= now() - RETENTION, LogoutNotice.due_at.is_(None)
    found = db.scalars(select(LogoutNotice.id).where(*is_over).limit(BATCH_SIZE)).all()
    db.execute(delete(LogoutNotice).where(LogoutNotice.id.in_(found)))
    if not found:
        forget_removed(db)
    return len(found)


def forget_removed(db: Session) -> None:
    """Delete what was kept of removed apps to which no notice is left."""
    references = (
        select(kind.client_id).where(kind.client_id == RemovedClient.id) for kind in (AppSession, LogoutNotice)
    )
    db.execute(delete(RemovedClient).where(*(~rows.exists() for rows in references)))


# ``LogoutNotice.state`` as conditions of a query.
STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    "waiting": (LogoutNotice.due_at.is_not(None),),
    "sent": (LogoutNotice.sent_at.is_not(None),),
    "failed": (LogoutNotice.due_at.is_(None), LogoutNotice.sent_at.is_(None)),
}


def failed_since(db: Session, *, since: datetime) -> int:
    """Number of notices created since then that are not tried again."""
    return db.scalar(select(func.count()).where(*STATES["failed"], LogoutNotice.created_at >= since)) or 0


def of_client(client_id: UUID | None) -> list[ColumnElement[bool]]:
    return [LogoutNotice.client_id == client_id] if client_id else []


def states(db: Session, *, client_id: UUID | None = None) -> dict[str, int]:
    """Number of notices by state, to one app or to all."""
    counts = (
        select(func.count()).where(*conditions, *of_client(client_id)).scalar_subquery().label(state)
        for state, conditions in STATES.items()
    )
    return dict(db.execute(select(*counts)).one()._mapping)


def latest(
    db: Session, *, limit: int, before: datetime | None = None, state: str = "", client_id: UUID | None = None
) -> Sequence[tuple[LogoutNotice, str]]:
    """Notices with the names of their apps, newest first.

    Args:
        state: one of ``STATES``, or empty for all.
    """
    name = func.coalesce(OAuthClient.name, RemovedClient.name)
    query = select(LogoutNotice, name).outerjoin(OAuthClient, OAuthClient.id == LogoutNotice.client_id)
    query = query.outerjoin(RemovedClient, RemovedClient.id == LogoutNotice.client_id)
    query = query.where(*STATES.get(state, ()), *of_client(client_id))
    query = query.where(LogoutNotice.created_at < before) if before else query
    found = db.execute(query.order_by(LogoutNotice.created_at.desc()).limit(limit)).all()
    return [(notice, name) for notice, name in found]
