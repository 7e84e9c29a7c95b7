"""ApiToken: what only a token has, by its credential; never the token."""

from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.kernel.db import Base, Name


class ApiToken(Base):
    __tablename__ = "api_token"
    __table_args__ = (UniqueConstraint("user_id", "taken_name"), UniqueConstraint("user_id", "once"))

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    """Doubles as ``jti``, so that a revoked token can be recognised."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[Name]
    taken_name: Mapped[str | None] = mapped_column(String(200))
    """The name as it is compared, as long as the token lives; an ended one gives its name back."""
    once: Mapped[str | None] = mapped_column(String(64))
    """The form it came from: sent twice, it mints once."""
    origin: Mapped[str] = mapped_column(String(10))
    """Which door minted it: ``page``, ``api`` or ``cli``."""
