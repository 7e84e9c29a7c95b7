"""AuditEvent: what happened, to whom, by whom, from where. AuditHead: how far the chain of them goes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key


class AuditEvent(Base):
    """Written once: the database itself refuses to change a row, and to remove one that is not sealed."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_at_seq", "at", "seq"),
        Index("ix_audit_event_user_id_at_seq", "user_id", "at", "seq"),
        Index("ix_audit_event_actor_id_at_seq", "actor_id", "at", "seq"),
        Index("ix_audit_event_event_at_seq", "event", "at", "seq"),
        Index("ix_audit_event_address_at_seq", "address", "at", "seq"),
    )

    id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    """One more than the event before: none is missing."""
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Over the digest of the event before and this one; see ``chain``."""
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(50))
    user_id: Mapped[UUID | None]
    """Whose account it concerns. No foreign key: the event outlives the account, unchanged."""
    actor_id: Mapped[UUID | None]
    """Who did it, where that is somebody else; None for the user, for a stranger, and for the command line."""
    credential_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(45))
    request_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Ids and reasons, never a secret."""


class AuditHead(Base):
    """One row: the last event, and the last one that was taken out and sealed."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_seq: Mapped[int] = mapped_column(BigInteger)
    sealed_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Where the chain begins: the digest of the event that was removed last."""
