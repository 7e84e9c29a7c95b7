"""Start, confirm and end browser sessions."""

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
from webapp.credentials import sids
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.credentials.models import Credential
from webapp.sessions.models import BrowserSession
from webapp.sessions.user_agents import browser_of, system_of


class AlreadyEnded(Exception):
    """The session ended while its user was re-authenticating."""


@dataclass(frozen=True, slots=True)
class SessionLifetimes:
    """Idle and absolute timeouts of sessions."""

    idle: timedelta
    lifetime: timedelta
    remembered: timedelta


@dataclass(frozen=True, slots=True)
class Browser:
    """What is stored of the browser of a session."""

    user_agent: str
    ip_address: str | None


@dataclass(frozen=True, slots=True, repr=False)
class StartedSession:
    """A new session. ``secret`` is stored only in the cookie."""

    secret: str
    credential: Credential


def start(
    db: Session,
    user_id: UUID,
    browser: Browser,
    ends: SessionLifetimes,
    *,
    amr: str,
    is_remembered: bool = False,
    auth_time: datetime | None = None,
) -> StartedSession:
    """Start a session.

    Args:
        amr: how the user authenticated (RFC 8176).
        is_remembered: no idle timeout, but a longer absolute one.
        auth_time: when the user authenticated, if it was before now, at an identity provider.
    """
    proof = AuthenticationProof(auth_time=auth_time or now(), amr=amr)
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
) -> StartedSession:
    """Replace a session by one with a new proof and a new secret; copies of the old cookie stop working.

    Its timeouts start again, as with a login (800-63B §2.2.3). The time of the login stays.

    Args:
        amr: how the user re-authenticated (RFC 8176).
        auth_time: of the former proof, if the new one is weaker. The session then neither becomes fresher nor lasts
            longer.

    Raises:
        AlreadyEnded
    """
    # First, because verifying a password takes time, and a session that was ended meanwhile must not continue as
    # another.
    if not credentials.end(db, session_id):
        raise AlreadyEnded
    former, browser = credentials.find(db, session_id, kind="session"), db.get_one(BrowserSession, session_id)
    if former is None:
        raise AlreadyEnded
    longest = ends.remembered if browser.is_remembered else ends.lifetime
    started = issue(
        db,
        former.user_id,
        Browser(browser.user_agent, browser.ip_address),
        AuthenticationProof(auth_time=auth_time or now(), amr=amr),
        lifetime=former.expires_at - now() if auth_time else longest,
        idle=None if browser.is_remembered else ends.idle,
        is_remembered=browser.is_remembered,
        former=former,
    )
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
    former: Credential | None = None,
) -> StartedSession:
    secret, session_id = new_secret(), uuid4()
    credential = credentials.issue(
        db,
        id=session_id,
        key=credential_key(secret),
        kind="session",
        user_id=user_id,
        lifetime=lifetime,
        idle=idle,
        proof=proof,
        sid=former.sid if former and former.sid else session_id,
        created_at=former.created_at if former else None,
    )
    db.add(
        BrowserSession(
            id=credential.id,
            user_agent=browser.user_agent[:LONGEST_AGENT],
            ip_address=browser.ip_address,
            is_remembered=is_remembered,
        )
    )
    db.flush()
    return StartedSession(secret, credential)


def end(
    db: Session,
    user_id: UUID,
    session_id: UUID,
    *,
    way: str = "owner",
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> bool:
    """End a session; False if it is not this user's, or had ended before.

    Args:
        way: how it ended: by its ``owner`` from elsewhere, by its own ``logout``, by a new ``login`` with the same
            browser, by an ``admin``, by an ``operator`` on the command line, or by an identity ``provider``.
        actor_id: the admin.
        reason: which the admin gave; the name of the provider.
    """
    credential = credentials.find(db, session_id, kind="session")
    if credential is None or credential.user_id != user_id or not credentials.end(db, session_id):
        return False
    sids.end_dependent_families(db, [session_id])
    record_end(db, credential, db.get_one(BrowserSession, session_id), way=way, actor_id=actor_id, reason=reason)
    return True


def end_others(
    db: Session,
    user_id: UUID,
    *,
    keep: UUID | None = None,
    way: str = "owner",
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> int:
    """End every session of a user except ``keep``; the other arguments are those of ``end``.

    Returns:
        Number of sessions ended; 0 is not an error.
    """
    ended = credentials.end_all(db, user_id, kind="session", keep=keep)
    sids.end_dependent_families(db, ended)
    for browser in db.scalars(select(BrowserSession).where(BrowserSession.id.in_(ended))):
        if credential := credentials.find(db, browser.id, kind="session"):
            record_end(db, credential, browser, way=way, actor_id=actor_id, reason=reason)
    return len(ended)


def record_end(
    db: Session,
    credential: Credential,
    browser: BrowserSession,
    *,
    way: str,
    actor_id: UUID | None,
    reason: str | None,
) -> None:
    """Write the event, which says which session ended: the browser, its system, and when it started."""
    details = {"reason": reason} if reason else {}
    record(
        db,
        Event.SESSION_ENDED,
        user_id=credential.user_id,
        actor_id=actor_id,
        credential_id=credential.id,
        way=way,
        browser=browser_of(browser.user_agent),
        system=system_of(browser.user_agent),
        started_at=credential.created_at.isoformat(),
        **details,
    )


def live(db: Session, user_id: UUID) -> Sequence[tuple[Credential, BrowserSession]]:
    """Live sessions of a user, newest first."""
    found = {credential.id: credential for credential in credentials.live(db, user_id, "session")}
    browsers = db.scalars(select(BrowserSession).where(BrowserSession.id.in_(found)))
    rows = [(found[browser.id], browser) for browser in browsers]
    return sorted(rows, key=lambda row: row[0].last_used_at or row[0].created_at, reverse=True)


def credential_key(secret: str) -> str:
    """The key of a session in the table of credentials: the digest of its secret, which is not stored."""
    return digest(secret).hex()
