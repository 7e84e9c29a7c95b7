"""BrowserSession: what only a browser has, by its credential."""

from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class BrowserSession(Base):
    __tablename__ = "browser_session"

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    user_agent: Mapped[str] = mapped_column(String(300))
    address: Mapped[str | None] = mapped_column(String(45))
    """From where it was started."""
    is_remembered: Mapped[bool]
