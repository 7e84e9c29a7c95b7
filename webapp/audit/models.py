"""AuditEvent: what happened, to whom, by whom, from where."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.db import Base, Key


class AuditEvent(Base):
    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_user_id_at", "user_id", "at"),)

    id: Mapped[Key]
    at: Mapped[datetime] = mapped_column(index=True)
    event: Mapped[str] = mapped_column(String(50))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    """Whose account it concerns; the event outlives it."""
    actor_id: Mapped[UUID | None]
    """Who did it, where that is somebody else; None for the user, for a stranger, and for the command line."""
    credential_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Ids and reasons, never a secret."""
