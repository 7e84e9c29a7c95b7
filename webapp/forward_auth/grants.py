"""Access to an app for a limited time."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.forward_auth.models import AccessGrant


def granted_until(db: Session, user_id: UUID, app_id: UUID) -> datetime | None:
    """When the access to an app that a user was granted ends, or ended; None if none was."""
    theirs = AccessGrant.user_id == user_id, AccessGrant.app_id == app_id
    return db.scalar(select(AccessGrant.expires_at).where(*theirs))
