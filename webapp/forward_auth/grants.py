"""Access to an app for a limited time: grant it, end it, list it. The check refuses from the end on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.driver_statements import RowQuery
from webapp.forward_auth.models import AccessGrant, ProxiedApp

RETENTION = timedelta(days=1)
"""How long an ended grant is stored; the audit log has it for longer."""

LIVE_ENDS = RowQuery(
    select(AccessGrant.app_id, AccessGrant.expires_at).where(
        AccessGrant.user_id == bindparam("user_id"), AccessGrant.expires_at > bindparam("moment")
    )
)


@dataclass(frozen=True, slots=True)
class LiveGrant:
    row: AccessGrant
    username: str
    app: ProxiedApp


def granted_until(db: Session, user_id: UUID, app_id: UUID) -> datetime | None:
    """When the access to an app that a user was granted ends, or ended; None if none was."""
    matches = AccessGrant.user_id == user_id, AccessGrant.app_id == app_id
    return db.scalar(select(AccessGrant.expires_at).where(*matches))


def live_ends(db: Session, user_id: UUID) -> dict[UUID, datetime]:
    """When the access of a user ends, by the id of each app to which it was granted and has not ended."""
    return dict(LIVE_ENDS.all(db, user_id=user_id, moment=now()))


def grant_access(db: Session, app: ProxiedApp, user_id: UUID, until: datetime, *, actor_id: UUID) -> None:
    """Grant access until a time, in place of an earlier grant."""
    db.execute(delete(AccessGrant).where(AccessGrant.user_id == user_id, AccessGrant.app_id == app.id))
    db.add(AccessGrant(user_id=user_id, app_id=app.id, granted_at=now(), granted_by=actor_id, expires_at=until))
    db.flush()
    record_grant(db, Event.APP_ACCESS_GRANTED, app, user_id, actor_id=actor_id, until=until.isoformat())


def end(db: Session, app: ProxiedApp, user_id: UUID, *, actor_id: UUID) -> bool:
    """End a grant early. False if it has ended, or there was none."""
    matches = AccessGrant.user_id == user_id, AccessGrant.app_id == app.id, AccessGrant.expires_at > now()
    if db.scalar(delete(AccessGrant).where(*matches).returning(AccessGrant.user_id)) is None:
        return False
    record_grant(db, Event.APP_ACCESS_ENDED, app, user_id, actor_id=actor_id)
    return True


def live(db: Session, *, app_id: UUID | None = None, user_id: UUID | None = None) -> Sequence[LiveGrant]:
    """Grants that have not ended, of an app or of a user, those first that end first."""
    query = (
        select(AccessGrant, ProxiedApp)
        .join(ProxiedApp, ProxiedApp.id == AccessGrant.app_id)
        .where(AccessGrant.expires_at > now())
        .order_by(AccessGrant.expires_at)
    )
    if app_id is not None:
        query = query.where(AccessGrant.app_id == app_id)
    if user_id is not None:
        query = query.where(AccessGrant.user_id == user_id)
    found = db.execute(query).all()
    names = user_queries.names_of(db, [row.user_id for row, _app in found])
    return [LiveGrant(row, names[row.user_id], app) for row, app in found]


def purge(db: Session) -> int:
    """Delete grants that ended some time ago. Returns how many."""
    ended = delete(AccessGrant).where(AccessGrant.expires_at <= now() - RETENTION)
    return len(db.execute(ended.returning(AccessGrant.user_id)).all())


def record_grant(
    db: Session, event: Event, app: ProxiedApp, user_id: UUID, *, actor_id: UUID | None = None, **details: object
) -> None:
    """Record what happened to the access of a user, who may be the actor."""
    by, app_details = actor_id if actor_id != user_id else None, {"app": app.name, "app_id": str(app.id)}
    event_details: dict[str, Any] = app_details | details
    record(db, event, user_id=user_id, actor_id=by, **event_details)
