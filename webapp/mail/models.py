"""OutgoingMail: a pending, sent or failed mail."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key


class OutgoingMail(Base):
    __tablename__ = "outgoing_mail"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(50))
    """Name of its template."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    to: Mapped[str] = mapped_column(String(320))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted subject and bodies, because they may contain links; None once the mail was sent."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is tried next; None if it is not tried again."""
    tries: Mapped[int]
    sent_at: Mapped[datetime | None]
    is_logged: Mapped[bool] = mapped_column(server_default=false())
    """Whether it was only written to the log because no mail server is configured."""
    link_ends_at: Mapped[datetime | None]
    """When a link that the mail is for ends; after that it is not sent."""
    last_error: Mapped[str | None] = mapped_column(String(300))

    @property
    def state(self) -> str:
        """State in one word: waiting, sent, logged or failed."""
        if self.sent_at:
            return "logged" if self.is_logged else "sent"
        return "waiting" if self.due_at else "failed"
