"""Pending resets of second factors: begin, stop, and find those that are due."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.mfa.models import FactorReset


class AlreadyBegun(Exception):
    """A reset of this user is pending already."""


def begin(db: Session, user_id: UUID, *, actor_id: UUID | None, reason: str, wait: timedelta) -> FactorReset:
    """Store a pending reset.

    Args:
        wait: how long the user can stop it.

    Raises:
        AlreadyBegun
    """
    reset = FactorReset(user_id=user_id, actor_id=actor_id, reason=reason, created_at=now(), due_at=now() + wait)
    try:
        with db.begin_nested():
            db.add(reset)
    except IntegrityError as error:
        raise AlreadyBegun from error
    return reset


def pending_reset(db: Session, user_id: UUID) -> FactorReset | None:
    return db.scalar(select(FactorReset).where(FactorReset.user_id == user_id))


def cancel(db: Session, user_id: UUID) -> bool:
    """Delete the pending reset of a user. Returns False if there is none, so that either stopping or carrying it out
    wins."""
    deleted = db.execute(delete(FactorReset).where(FactorReset.user_id == user_id).returning(FactorReset.id))
    return deleted.first() is not None


def cancel_all(db: Session, *, before: datetime) -> int:
    """Delete pending resets begun before a moment. Returns their number."""
    deletion = delete(FactorReset).where(FactorReset.created_at < before).returning(FactorReset.id)
    return len(db.scalars(deletion).all())


def due(db: Session, *, limit: int) -> Sequence[UUID]:
    """Ids of users whose reset is due."""
    query = select(FactorReset.user_id).where(FactorReset.due_at <= now()).order_by(FactorReset.due_at)
    return db.scalars(query.limit(limit)).all()
