"""OutgoingMail: a mail that waits, was sent, or was given up."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key


class OutgoingMail(Base):
    __tablename__ = "outgoing_mail"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(50))
    """The template it was made from."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    to: Mapped[str] = mapped_column(String(320))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Subject and bodies; they may hold links, so they are sealed, and gone once the mail is."""
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is to be tried next; None where that is over."""
    tries: Mapped[int]
    sent_at: Mapped[datetime | None]
    is_logged: Mapped[bool] = mapped_column(server_default=false())
    """Whether it was only written to the log, where no mail server is named: then nobody has received it."""
    last_error: Mapped[str | None] = mapped_column(String(300))

    @property
    def state(self) -> str:
        """In one word: waiting, sent, logged, or failed."""
        if self.sent_at:
            return "logged" if self.is_logged else "sent"
        return "waiting" if self.due_at else "failed"
