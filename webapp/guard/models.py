"""StoredForm: a form submitted after its session had ended, stored until the user has logged in again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base


class StoredForm(Base):
    """A saved form, encrypted."""

    __tablename__ = "kept_form"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    """User of the ended session; only the latest form of each user is stored."""
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Digest of the secret in the cookie of the browser that submitted it."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)
