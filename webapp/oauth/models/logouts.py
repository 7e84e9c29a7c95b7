"""Logins whose end apps learn of (OpenID Connect Back-Channel Logout 1.0), and the notices of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class AppSession(Base):
    """A login to an app that has a URL for logout tokens; deleted when its end was noted."""

    __tablename__ = "oauth_app_session"
    __table_args__ = (UniqueConstraint("client_id", "sid"),)

    id: Mapped[Key]
    client_id: Mapped[UUID]
    """Without foreign key: an app must learn of the end when it is removed, too."""
    sid: Mapped[UUID] = mapped_column(index=True)
    """``sid`` of the session in which the user logged in to the app, or allowed it on a device."""
    user_id: Mapped[UUID] = mapped_column(index=True)
    """Without foreign key: the app must learn of the end of a deleted account, too."""
    family_id: Mapped[UUID | None] = mapped_column(index=True)
    """What the app was given last; None once it has revoked that itself."""
    logged_in_at: Mapped[datetime]


class LogoutNotice(Base):
    """A logout token that is to be sent, was sent or could not be sent; signed again for each attempt."""

    __tablename__ = "oauth_logout_notice"

    id: Mapped[Key]
    client_id: Mapped[UUID] = mapped_column(index=True)
    """Without foreign key, as in ``AppSession``."""
    user_id: Mapped[UUID]
    sid: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime | None] = mapped_column(index=True)
    """When it is tried next; None if it is not tried again."""
    tries: Mapped[int]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(String(300))

    @property
    def state(self) -> str:
        """State in one word: waiting, sent or failed."""
        if self.sent_at:
            return "sent"
        return "waiting" if self.due_at else "failed"


class RemovedClient(Base):
    """What logout tokens need of an app that was removed; deleted with the last notice to it."""

    __tablename__ = "oauth_removed_client"

    id: Mapped[Key]
    """The ``client_id`` that it had."""
    name: Mapped[Name]
    backchannel_logout_uri: Mapped[str] = mapped_column(Text)
    wants_rs256: Mapped[bool]
    has_pairwise_subjects: Mapped[bool]
    subject_salt: Mapped[str] = mapped_column(String(43))
