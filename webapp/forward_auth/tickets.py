"""Tickets: one-time secrets that start a session at the host of an app, within 30 seconds and in one browser only."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.digests import constant_time_equal, digest, new_secret
from webapp.forward_auth.models import ArrivalTicket, ProxiedApp, ProxiedSession
from webapp.sessions.lifecycle import credential_key

LIFETIME = timedelta(seconds=30)
MAX_TICKETS = 20
"""Tickets that one session may have at a time, such as for tabs that are opened together."""


class TicketInvalid(Exception):
    """It was used, has expired, or belongs to another browser, host or session. The message is for the log."""


@dataclass(frozen=True, slots=True)
class TicketTarget:
    """Where a login goes."""

    app_id: UUID
    host: str
    url: str
    """URL of the requested page of the app."""


@dataclass(frozen=True, slots=True, repr=False)
class RedeemedTicket:
    secret: str
    """For the cookie of the host."""
    url: str


def state_digest(secret: str) -> str:
    """Digest for the URL of the state cookie of the browser that began a login."""
    return base64.urlsafe_b64encode(digest(secret)).rstrip(b"=").decode()


def issue(db: Session, user_id: UUID, sid: UUID, state: str, target: TicketTarget) -> str:
    """Issue a ticket for one host; it is random, and its target is stored only here."""
    session_tickets = (
        select(ArrivalTicket.digest).where(ArrivalTicket.sid == sid).order_by(ArrivalTicket.expires_at.desc())
    )
    db.execute(
        delete(ArrivalTicket).where(ArrivalTicket.digest.in_(session_tickets.offset(MAX_TICKETS - 1).scalar_subquery()))
    )
    secret = new_secret()
    db.add(
        ArrivalTicket(
            digest=digest(secret),
            state=state,
            sid=sid,
            user_id=user_id,
            app_id=target.app_id,
            host=target.host,
            url=target.url,
            expires_at=now() + LIFETIME,
        )
    )
    return secret


def redeem(db: Session, ticket: str, state_secret: str, host: str) -> RedeemedTicket:
    """Use up a ticket and start a session at the host of its app. One statement decides, so that each works once.

    Args:
        state_secret: from the cookie of the browser.

    Raises:
        TicketInvalid
    """
    deletion = delete(ArrivalTicket).where(ArrivalTicket.digest == digest(ticket), ArrivalTicket.host == host)
    found = db.execute(deletion.returning(ArrivalTicket)).scalar_one_or_none()
    if found is None:
        raise TicketInvalid("there is no such ticket for this host")
    if found.expires_at <= now():
        raise TicketInvalid("the ticket has expired")
    if not constant_time_equal(found.state, state_digest(state_secret)):
        raise TicketInvalid("the ticket was issued for another browser")
    secret = new_secret()
    former = delete(ProxiedSession).where(ProxiedSession.sid == found.sid, ProxiedSession.host == host)
    db.execute(former)
    started = ProxiedSession(
        id=uuid4(),
        key=credential_key(secret),
        sid=found.sid,
        user_id=found.user_id,
        app_id=found.app_id,
        host=host,
        started_at=now(),
    )
    db.add(started)
    db.flush()
    name = db.scalar(select(ProxiedApp.name).where(ProxiedApp.id == found.app_id))
    record(db, Event.PROXIED_APP_OPENED, user_id=found.user_id, app=name)
    return RedeemedTicket(secret, found.url)
