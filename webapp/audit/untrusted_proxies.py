"""Proxies whose forwarded headers were ignored because they are not trusted: noted as events, and listed."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from webapp.audit import event_queries
from webapp.audit.log import Event, record
from webapp.core.clock import now

RECENT = timedelta(days=7)
MAX_LISTED = 10
"""Recorded within this time: anybody can send these headers, from as many IP addresses as they have."""


def record_proxy(db: Session, peer: str) -> None:
    """Record the IP address of an untrusted proxy, unless it was recorded lately."""
    recent_peers = recent(db)
    if peer not in recent_peers and len(recent_peers) < MAX_LISTED:
        record(db, Event.PROXY_IGNORED, peer=peer[:45])


def recent(db: Session) -> Sequence[str]:
    """The IP addresses that were recorded lately."""
    events = event_queries.tail(db, limit=MAX_LISTED, after=now() - RECENT, event=Event.PROXY_IGNORED)
    return list(dict.fromkeys(str(event.details["peer"]) for event in events))
