"""Tables of TOTP seeds, passkeys, recovery codes and pending resets."""

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
    """Encrypted, not a digest, because it is needed for verifying codes."""
    created_at: Mapped[datetime]
    last_step: Mapped[int] = mapped_column(BigInteger)
    """Time step of the last accepted code; codes of this step or earlier ones are refused."""
    last_used_at: Mapped[datetime | None]


class Passkey(Base):
    __tablename__ = "passkey"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    """As the authenticator names it (WebAuthn §4)."""
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    """As a COSE key (RFC 9052 §7)."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """Its signature counter (WebAuthn §6.1.1); 0 for authenticators without one."""
    aaguid: Mapped[str] = mapped_column(String(36))
    """Model of the authenticator (WebAuthn §6.5.2)."""
    name: Mapped[Name]
    transports: Mapped[list[str]] = mapped_column(JSON)
    is_synced: Mapped[bool]
    """Backup eligibility: whether the passkey may be copied between devices (WebAuthn §6.1.3)."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    uses: Mapped[int]
    rp_id: Mapped[str | None] = mapped_column(String(200))
    """The host name for which the browser made it (RP ID); None only until the next start of a new version."""


class RecoveryCode(Base):
    __tablename__ = "recovery_code"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class FactorReset(Base):
    """A pending removal of all second factors by an administrator, which the user can stop until it is due."""

    __tablename__ = "factor_reset"

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), unique=True)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    reason: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    due_at: Mapped[datetime] = mapped_column(index=True)
