"""BrowserSession: browser and IP address of a session, beside its credential."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class BrowserSession(Base):
    __tablename__ = "browser_session"

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    user_agent: Mapped[str] = mapped_column(String(300))
    address: Mapped[str | None] = mapped_column(String(45))
    """IP address from which it was started."""
    is_remembered: Mapped[bool]
