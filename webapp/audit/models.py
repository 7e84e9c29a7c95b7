"""AuditEvent: one event of the audit log. AuditHead: the ends of the hash chain."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ColumnElement, Index, LargeBinary, String, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key

# Not by SQLAlchemy's operators, whose parameter for the name keeps an index from being used.
route_detail: ColumnElement[str] = literal_column("(details ->> 'route')", String())
HAS_ROUTE = text("(details ->> 'route') IS NOT NULL")


class AuditEvent(Base):
    """An event of the audit log, written once.

    Triggers of the database refuse to change a row, and to delete one that is not archived.
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_at_seq", "at", "seq"),
        Index("ix_audit_event_user_id_at_seq", "user_id", "at", "seq"),
        Index("ix_audit_event_actor_id_at_seq", "actor_id", "at", "seq"),
        Index("ix_audit_event_event_at_seq", "event", "at", "seq"),
        Index("ix_audit_event_address_at_seq", "address", "at", "seq"),
        Index("ix_audit_event_request_id_at_seq", "request_id", "at", "seq"),
        # Partial, as few events have one.
        Index(
            "ix_audit_event_route_at_seq", route_detail, "at", "seq", sqlite_where=HAS_ROUTE, postgresql_where=HAS_ROUTE
        ),
    )

    id: Mapped[Key]
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    """Consecutive numbers without gaps."""
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Over the digest of the previous event and this one; see ``chain``."""
    at: Mapped[datetime]
    event: Mapped[str] = mapped_column(String(50))
    user_id: Mapped[UUID | None]
    """The user it concerns. No foreign key: the event outlives the account, unchanged."""
    actor_id: Mapped[UUID | None]
    """Who did it, if that is another user; None for the user, an anonymous caller or the command line."""
    credential_id: Mapped[UUID | None]
    address: Mapped[str | None] = mapped_column(String(45))
    """IP address. The digest covers it by this name."""
    request_id: Mapped[str | None] = mapped_column(String(36))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    """Ids and reasons, never a secret."""


class AuditHead(Base):
    """One row: the last event, and the last one that was archived."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_seq: Mapped[int] = mapped_column(BigInteger)
    sealed_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Digest of the last archived event, where the remaining chain begins."""
