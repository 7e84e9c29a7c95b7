"""TotpSeed, Passkey, RecoveryCode: what people have beside their password; and a reset that waits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class TotpSeed(Base):
    __tablename__ = "totp_seed"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """It must be read again, so it cannot be a digest."""
    created_at: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(BigInteger)
    """The time step of the last code that was taken: neither it nor one before it is taken again."""
    last_used_at: Mapped[datetime | None]


class Passkey(Base):
    __tablename__ = "passkey"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    """As the authenticator names it (WebAuthn §4)."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """In COSE."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """Its signature counter (WebAuthn §6.1.1); 0 for authenticators without one."""
    aaguid: Mapped[str] = mapped_column(String(36))
    """Its make."""
    name: Mapped[Name]
    transports: Mapped[list[str]] = mapped_column(JSON)
    is_synced: Mapped[bool]
    """Whether its maker copies it to other devices of its owner, or it stays in one."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    uses: Mapped[int]


class RecoveryCode(Base):
    __tablename__ = "recovery_code"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FactorReset(Base):
    """Somebody who looks after others takes all second factors from a user, who can stop it until it is due."""

    __tablename__ = "factor_reset"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
