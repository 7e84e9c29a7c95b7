"""User, and the links that let one in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.db import Base, Key


class User(Base):
    __tablename__ = "user"

    id: Mapped[Key]
    """Opaque and never given out again: what ``sub`` carries."""
    username: Mapped[str] = mapped_column(String(50))
    username_key: Mapped[str] = mapped_column(String(200), unique=True)
    """As names are compared; see ``names.key_of``."""
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(String(400), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Link(Base):
    """A link that works once and not for long; only the digest of its secret is kept."""

    __tablename__ = "link"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
