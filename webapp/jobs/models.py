"""ChoreTurn: when a job is due, who is at it, and how it went."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class JobRun(Base):
    __tablename__ = "job"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    due_at: Mapped[datetime]
    """When its turn comes; while somebody is at it, when others may take it over."""
    holder: Mapped[UUID | None]
    """Made anew by each who takes it: who was slow and lost it does nothing more."""
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(100))
