"""What happened: to one user, and in the whole house."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.audit.models import AuditEvent


def of_user(db: Session, user_id: UUID, *, limit: int = 20) -> Sequence[AuditEvent]:
    """The latest first."""
    query = select(AuditEvent).where(AuditEvent.user_id == user_id)
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()


def of_credential(db: Session, credential_id: UUID, *, user_id: UUID, limit: int = 20) -> Sequence[AuditEvent]:
    """The latest first."""
    query = select(AuditEvent).where(AuditEvent.user_id == user_id, AuditEvent.credential_id == credential_id)
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()


def moments(db: Session, user_id: UUID, event: str, *, since: datetime) -> Sequence[datetime]:
    """When ``event`` happened to a user."""
    query = select(AuditEvent.at).where(
        AuditEvent.user_id == user_id, AuditEvent.event == event, AuditEvent.at >= since
    )
    return db.scalars(query).all()


def tail(db: Session, *, limit: int, after: datetime | None = None, event: str | None = None) -> Sequence[AuditEvent]:
    """The house's latest events, the oldest of them first."""
    query = select(AuditEvent)
    query = query.where(AuditEvent.at > after) if after else query
    query = query.where(AuditEvent.event == event) if event else query
    return db.scalars(query.order_by(AuditEvent.at.desc()).limit(limit)).all()[::-1]
