"""Guest links: make, open, list and revoke them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.digests import new_secret
from webapp.core.translation import _
from webapp.forward_auth.models import GuestLink, ProxiedApp
from webapp.forward_auth.path_patterns import LONGEST, canonical_path
from webapp.sessions.lifecycle import credential_key

LONGEST_NOTE = 100
MOST_DAYS = 30
MAX_LINKS = 50
"""Live links of one app."""
NOTED = timedelta(hours=1)
"""How often the opening of one link is recorded at most: anybody who has it can open it."""


class InvalidGuestLink(Exception):
    """The link cannot be made like this. The message says why."""


@dataclass(frozen=True, slots=True, repr=False)
class MadeLink:
    row: GuestLink
    secret: str
    """For the URL; it is not stored."""


@dataclass(frozen=True, slots=True)
class LiveLink:
    row: GuestLink
    username: str
    """User name of its creator."""


def make(db: Session, app: ProxiedApp, prefix: str, note: str, days: int, *, actor_id: UUID) -> MadeLink:
    """Make a link.

    Args:
        prefix: path, or URL of a page of the app.
        note: whom it is for.
        days: how long it works, at most 30.

    Raises:
        InvalidGuestLink
    """
    path = canonical_path(path_in(prefix))
    if path is None or len(path) > LONGEST:
        raise InvalidGuestLink(_("Enter a path such as /albums/summer, without a query."))
    if not 1 <= days <= MOST_DAYS:
        raise InvalidGuestLink(_("A guest link works for 1 to %(most)s days.", most=MOST_DAYS))
    if (db.scalar(select(func.count()).select_from(GuestLink).where(GuestLink.app_id == app.id)) or 0) >= MAX_LINKS:
        raise InvalidGuestLink(_("At most %(most)s guest links for one app.", most=MAX_LINKS))
    secret, moment = new_secret(), now()
    row = GuestLink(
        id=uuid4(),
        key=credential_key(secret),
        app_id=app.id,
        prefix=path,
        note=note,
        created_by=actor_id,
        created_at=moment,
        expires_at=moment + timedelta(days=days),
    )
    db.add(row)
    db.flush()
    note_event(db, Event.GUEST_LINK_MADE, app, row, until=row.expires_at.isoformat())
    return MadeLink(row, secret)


def path_in(value: str) -> str:
    try:
        return urlsplit(value).path or "/" if value.startswith(("https://", "http://")) else value
    except ValueError:
        return ""


def find(db: Session, secret: str, app_id: UUID) -> GuestLink | None:
    """The link with this secret, if it works now."""
    matches = GuestLink.key == credential_key(secret), GuestLink.app_id == app_id, GuestLink.expires_at > now()
    row = db.scalar(select(GuestLink).where(*matches))
    maker = user_queries.by_id(db, row.created_by) if row else None
    return row if maker is not None and maker.disabled_at is None and maker.closes_at is None else None


def note_opening(db: Session, app: ProxiedApp, row: GuestLink) -> None:
    """Record that a link was opened."""
    row.last_opened_at = now()
    note_event(db, Event.GUEST_LINK_OPENED, app, row)


def is_to_be_noted(row: GuestLink, moment: datetime) -> bool:
    return row.last_opened_at is None or moment - row.last_opened_at >= NOTED


def live(db: Session, app_id: UUID) -> Sequence[LiveLink]:
    """The links of an app that work, those first that end first."""
    live_of_app = GuestLink.app_id == app_id, GuestLink.expires_at > now()
    rows = db.scalars(select(GuestLink).where(*live_of_app).order_by(GuestLink.expires_at)).all()
    names = user_queries.names_of(db, [row.created_by for row in rows])
    return [LiveLink(row, names[row.created_by]) for row in rows]


def revoke(db: Session, app: ProxiedApp, link_id: UUID, *, actor_id: UUID) -> bool:
    """Revoke a link; the next request of its guests is refused. False if there is none."""
    row = db.scalar(select(GuestLink).where(GuestLink.id == link_id, GuestLink.app_id == app.id))
    if row is None or db.scalar(delete(GuestLink).where(GuestLink.id == link_id).returning(GuestLink.id)) is None:
        return False
    note_event(db, Event.GUEST_LINK_REVOKED, app, row, actor_id=actor_id if actor_id != row.created_by else None)
    return True


def purge(db: Session) -> int:
    """Delete links that have ended. Returns how many."""
    ended = delete(GuestLink).where(GuestLink.expires_at <= now()).returning(GuestLink.id)
    return len(db.execute(ended).all())


def note_event(
    db: Session, event: Event, app: ProxiedApp, row: GuestLink, *, actor_id: UUID | None = None, **details: object
) -> None:
    event_details: dict[str, Any] = {
        "app": app.name,
        "path": row.prefix,
        "note": row.note,
        "link_id": str(row.id),
    } | details
    record(db, event, user_id=row.created_by, actor_id=actor_id, **event_details)
