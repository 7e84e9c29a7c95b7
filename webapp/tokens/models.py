"""ApiToken, TokenNotice, RefreshFamily, RefreshToken: what only tokens have, by their credential; never the token."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class ApiToken(Base):
    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("user_id", "taken_name"),
        UniqueConstraint("user_id", "once"),
        UniqueConstraint("rotated_from"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    """Doubles as ``jti``, so that a revoked token can be recognised."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[Name]
    taken_name: Mapped[str | None] = mapped_column(String(200))
    """The name as it is compared, as long as the token lives; an ended one gives its name back."""
    once: Mapped[str | None] = mapped_column(String(64))
    """The form it came from: sent twice, it mints once."""
    origin: Mapped[str] = mapped_column(String(10))
    """Which door minted it: ``page``, ``api``, ``cli``, or ``rotation`` of another."""
    note: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(200))
    """Why it has no end, where it has none."""
    rotated_from: Mapped[UUID | None] = mapped_column(ForeignKey("api_token.id", ondelete="SET NULL"))
    """The one that it took over from."""
    rotated_at: Mapped[datetime | None]
    """When another took over from it; since then it has no later end than was agreed."""


class TokenNotice(Base):
    """What its owner was told of a token, so that nobody is told the same again too soon."""

    __tablename__ = "token_notice"

    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime]


class RefreshFamily(Base):
    """One login of a script; its credential ends it, and every token that came from it."""

    __tablename__ = "refresh_family"

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    access_lifetime: Mapped[timedelta]
    user_agent: Mapped[str] = mapped_column(String(300))
    address: Mapped[str | None] = mapped_column(String(45))


class RefreshToken(Base):
    """One generation of a family; those before the last are kept to be recognised when they come again."""

    __tablename__ = "refresh_token"
    __table_args__ = (UniqueConstraint("family_id", "generation"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    family_id: Mapped[UUID] = mapped_column(ForeignKey("refresh_family.id", ondelete="CASCADE"))
    generation: Mapped[int]
    created_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    forgiven_at: Mapped[datetime | None]
    """When its successor was told again, which happens once."""


class RevokedExchangedToken(Base):
    """The ``jti`` of an exchanged token that was revoked; deleted once the token has expired anyway."""

    __tablename__ = "revoked_exchanged_token"

    id: Mapped[Key]
    expires_at: Mapped[datetime] = mapped_column(index=True)
