"""JobRun: when a periodic job is due, which process runs it, and its last result."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class JobRun(Base):
    """State of one periodic job, shared by all processes."""

    __tablename__ = "job"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    due_at: Mapped[datetime]
    """When it is due; while it runs, when its lease ends and another process may take it over."""
    holder: Mapped[UUID | None]
    """Random id of the lease, new each time: a slow process that has lost its lease cannot continue."""
    done_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(100))
