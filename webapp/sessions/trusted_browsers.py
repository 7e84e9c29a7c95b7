"""Trusted browsers: a login there needs no second factor. Trust alone gives no access."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit.log import LONGEST_AGENT, Event, record
from webapp.core.clock import now
from webapp.core.digests import new_secret
from webapp.core.former_names import HasIpAddress
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import TRUST, AuthenticationProof
from webapp.sessions.lifecycle import Browser, credential_key
from webapp.sessions.models import BrowserSession
from webapp.sessions.user_agents import describe_user_agent


class TrustedBrowser(HasIpAddress, frozen=True):
    """A trusted browser, in which the password is enough."""

    id: UUID
    name: str
    since: datetime
    expires_at: datetime


def trust(db: Session, user_id: UUID, browser: Browser, lifetime: timedelta, *, amr: str) -> str:
    """Trust a browser. Returns the secret for its cookie, which is stored only as a digest.

    Args:
        amr: how the user authenticated (RFC 8176).
    """
    secret = new_secret()
    credential = credentials.issue(
        db,
        id=uuid4(),
        key=credential_key(secret),
        kind=TRUST,
        user_id=user_id,
        lifetime=lifetime,
        proof=AuthenticationProof(auth_time=now(), amr=amr),
    )
    row = BrowserSession(
        id=credential.id,
        user_agent=browser.user_agent[:LONGEST_AGENT],
        ip_address=browser.ip_address,
        is_remembered=True,
    )
    db.add(row)
    record(db, Event.BROWSER_TRUSTED, user_id=user_id, credential_id=credential.id)
    return secret


def is_trusted(db: Session, user_id: UUID, secret: str) -> bool:
    """Whether a user trusts the browser that has this secret."""
    found = credentials.by_key(db, credential_key(secret), kind=TRUST)
    return found is not None and found.user_id == user_id and found.is_live(now())


def of_user(db: Session, user_id: UUID) -> list[TrustedBrowser]:
    """Trusted browsers of a user, newest first."""
    found = {credential.id: credential for credential in credentials.live(db, user_id, TRUST)}
    browsers = {row.id: row for row in db.scalars(select(BrowserSession).where(BrowserSession.id.in_(found)))}
    return [
        TrustedBrowser(
            key,
            describe_user_agent(browsers[key].user_agent),
            row.created_at,
            row.expires_at,
            ip_address=browsers[key].ip_address,
        )
        for key, row in found.items()
    ]


def end(db: Session, user_id: UUID, trust_id: UUID) -> bool:
    """Stop trusting a browser. Returns False if it is not the user's or was not trusted any more."""
    credential = credentials.find(db, trust_id, kind=TRUST)
    if credential is None or credential.user_id != user_id:
        return False
    if ended := credentials.end(db, trust_id):
        record(db, Event.BROWSER_DISTRUSTED, user_id=user_id, credential_id=trust_id)
    return ended
