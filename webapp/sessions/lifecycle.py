"""start, confirm, end: what can happen to a browser's login."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit.log import LONGEST_AGENT, Event, record
from webapp.core.clock import now
from webapp.core.digests import digest, new_secret
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.sessions.models import BrowserSession


class AlreadyEnded(Exception):
    """The session ended while its user proved who they are."""


@dataclass(frozen=True, slots=True)
class SessionLifetimes:
    """How long sessions live."""

    idle: timedelta
    lifetime: timedelta
    remembered: timedelta


@dataclass(frozen=True, slots=True)
class Browser:
    user_agent: str
    address: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Started:
    """``secret`` goes into the cookie and nowhere else."""

    secret: str
    credential: Credential


def start(
    db: Session, user_id: UUID, browser: Browser, ends: SessionLifetimes, *, amr: str, is_remembered: bool = False
) -> Started:
    """A new session; one that is remembered has no idle end, only a later absolute one."""
    proof = AuthenticationProof(auth_time=now(), amr=amr)
    lifetime, idle = (ends.remembered, None) if is_remembered else (ends.lifetime, ends.idle)
    started = issue(db, user_id, browser, proof, lifetime=lifetime, idle=idle, is_remembered=is_remembered)
    record(
        db,
        Event.SESSION_STARTED,
        user_id=user_id,
        credential_id=started.credential.id,
        amr=amr,
        user_agent=browser.user_agent[:LONGEST_AGENT],
    )
    return started


def confirm(
    db: Session, session_id: UUID, ends: SessionLifetimes, *, amr: str, auth_time: datetime | None = None
) -> Started:
    """The same session with a new proof, under a new secret: a copy of the old cookie no longer works.

    Its time begins anew, as it would with a login (800-63B §2.2.3); since when it is there stays known.

    Args:
        auth_time: of a proof before, where this one is less than that and counts for nothing; nor does the
            session live any longer by it then.

    Raises:
        AlreadyEnded
    """
    # First: a password takes its time, and what was ended meanwhile must not go on as another.
    if not credentials.end(db, session_id):
        raise AlreadyEnded
    former, browser = credentials.find(db, session_id, kind="session"), db.get_one(BrowserSession, session_id)
    if former is None:
        raise AlreadyEnded
    started = issue(
        db,
        former.user_id,
        Browser(browser.user_agent, browser.address),
        AuthenticationProof(auth_time=auth_time or now(), amr=amr),
        lifetime=ends.remembered if browser.is_remembered else ends.lifetime,
        idle=None if browser.is_remembered else ends.idle,
        is_remembered=browser.is_remembered,
    )
    started.credential.created_at = former.created_at
    if auth_time is not None:
        started.credential.expires_at = former.expires_at
    record(db, Event.SESSION_CONFIRMED, user_id=former.user_id, credential_id=started.credential.id, amr=amr)
    return started


def issue(
    db: Session,
    user_id: UUID,
    browser: Browser,
    proof: AuthenticationProof,
    *,
    lifetime: timedelta,
    idle: timedelta | None,
    is_remembered: bool,
) -> Started:
    secret = new_secret()
    credential = credentials.issue(
        db,
        id=uuid4(),
        key=key_of(secret),
        kind="session",
        user_id=user_id,
        lifetime=lifetime,
        idle=idle,
        proof=proof,
    )
    db.add(
        BrowserSession(
            id=credential.id,
            user_agent=browser.user_agent[:LONGEST_AGENT],
            address=browser.address,
            is_remembered=is_remembered,
        )
    )
    db.flush()
    return Started(secret, credential)


def end(db: Session, user_id: UUID, session_id: UUID) -> bool:
    """Whether it was this user's, and had not ended before."""
    credential = credentials.find(db, session_id, kind="session")
    if credential is None or credential.user_id != user_id:
        return False
    if ended := credentials.end(db, session_id):
        record(db, Event.SESSION_ENDED, user_id=user_id, credential_id=session_id)
    return ended


def end_others(db: Session, user_id: UUID, *, keep: UUID | None = None) -> int:
    """End every session of a user, but for the one that asks.

    Returns:
        How many were ended; none is no error.
    """
    ended = credentials.end_all(db, user_id, kind="session", keep=keep)
    for session_id in ended:
        record(db, Event.SESSION_ENDED, user_id=user_id, credential_id=session_id)
    return len(ended)


def live(db: Session, user_id: UUID) -> Sequence[tuple[Credential, BrowserSession]]:
    """Where a user is logged in, the newest first."""
    found = {credential.id: credential for credential in credentials.live(db, user_id, "session")}
    browsers = db.scalars(select(BrowserSession).where(BrowserSession.id.in_(found)))
    rows = [(found[browser.id], browser) for browser in browsers]
    return sorted(rows, key=lambda row: row[0].last_used_at or row[0].created_at, reverse=True)


def key_of(secret: str) -> str:
    """By which the credential is found; the secret itself is kept nowhere."""
    return digest(secret).hex()
