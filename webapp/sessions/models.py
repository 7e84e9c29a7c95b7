"""BrowserSession: browser and IP address of a session, beside its credential."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class BrowserSession(Base):
    __tablename__ = "browser_session"

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    user_agent: Mapped[str] = mapped_column(String(300))
    ip_address: Mapped[str | None] = mapped_column("address", String(45))
    """IP address from which it was started."""
    is_remembered: Mapped[bool]


class FormerSecret(Base):
    """A secret that a remembered session had before, by its key. A client that still uses it has a copied cookie."""

    __tablename__ = "former_session_secret"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """As ``Credential.key``: the digest of the secret."""
    session_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), index=True)
    replaced_at: Mapped[datetime]
    next_used_at: Mapped[datetime | None]
    """When the secret that replaced it was first used."""
