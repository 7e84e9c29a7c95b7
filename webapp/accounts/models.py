"""User, and the links that let one in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key


def compared_by_byte(length: int) -> String:
    """As SQLite does by itself: what begins alike stands together in the index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class User(Base):
    __tablename__ = "user"
    __table_args__ = (
        Index("ix_user_role_username_key", "role", "username_key"),
        Index("ix_user_disabled_at_username_key", "disabled_at", "username_key"),
        Index("ix_user_last_login_at_username_key", "last_login_at", "username_key"),
        Index("ix_user_created_at_username_key", "created_at", "username_key"),
    )

    id: Mapped[Key]
    """Opaque and never given out again: what ``sub`` carries."""
    username: Mapped[str] = mapped_column(String(50))
    username_key: Mapped[str] = mapped_column(compared_by_byte(200), unique=True)
    """As names are compared; see ``names.key_of``."""
    username_skeleton: Mapped[str | None] = mapped_column(String(64), index=True)
    """Digest of what names that look alike have in common; see ``confusables.skeleton_key``. Not unique: those who had
    their names before they were compared so keep them."""
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(compared_by_byte(400), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty, which no password has, where it is compared elsewhere."""
    known_elsewhere_as: Mapped[str | None] = mapped_column(String(200), unique=True)
    """By what an identity provider knows them; None for those whose password is kept here."""
    role: Mapped[str] = mapped_column(ForeignKey("role.name"))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    display_name: Mapped[str | None] = mapped_column(String(100))
    email_verified_at: Mapped[datetime | None]
    """When a link that was mailed to the e-mail address, and shown nowhere else, was followed; or when an identity
    provider vouched for it. Without it an account may log in all the same."""
    verification_required_at: Mapped[datetime | None]
    """When its owner registered by themselves: until they follow the mailed link they cannot log in. None for accounts
    that an operator or an invitation made, and for those that have followed it."""
    password_changed_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    failed_logins: Mapped[int] = mapped_column(server_default="0")
    """Wrong passwords in a row; see ``failing``."""
    unlocked_at: Mapped[datetime | None]
    """When an admin last lifted what too many wrong passwords or codes had locked."""
    closes_at: Mapped[datetime | None] = mapped_column(index=True)
    """When an account that its owner closed is gone for good; until then they may come back."""
    language: Mapped[str] = mapped_column(String(10), server_default="auto")
    time_zone: Mapped[str] = mapped_column(String(50), server_default="UTC")
    theme: Mapped[str] = mapped_column(String(10), server_default="auto")
    unwanted_mails: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Kinds of those that only inform; see ``mail_choices``."""

    @property
    def is_known_elsewhere(self) -> bool:
        """Whether somebody else keeps their password, and their name."""
        return self.known_elsewhere_as is not None

    @property
    def attempts_since(self) -> datetime | None:
        """Since when failed attempts count: a new password or an admin's unlocking lets all counts begin anew."""
        return max((at for at in (self.password_changed_at, self.unlocked_at) if at is not None), default=None)

    @property
    def has_password(self) -> bool:
        return self.password_hash != ""

    @property
    def is_unverified(self) -> bool:
        """Whether it waits for its owner to follow the first link; until then it cannot log in."""
        return self.verification_required_at is not None

    def verify_email(self, at: datetime) -> None:
        """Take the e-mail address as its owner's: a link that only its mailbox received was followed."""
        self.email_verified_at, self.verification_required_at = at, None


class LoginNetwork(Base):
    """A network that a user has logged in from; see ``known_networks``."""

    __tablename__ = "known_network"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    network: Mapped[str] = mapped_column(String(50), primary_key=True)
    """An IPv4 address, or the /64 of an IPv6 one."""
    last_login_at: Mapped[datetime]


class Role(Base):
    """A name for what people may do; it may include others."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    includes: Mapped[list[str]] = mapped_column(JSON)
    """The roles that it names itself."""
    closure: Mapped[list[str]] = mapped_column(JSON)
    """All that it reaches, itself among them, the humblest first: read on every request, made when a role changes."""


class Invitation(Base):
    __tablename__ = "invitation"

    id: Mapped[Key]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    email: Mapped[str | None] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(ForeignKey("role.name"), index=True)
    note: Mapped[str] = mapped_column(String(200))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    most_uses: Mapped[int]
    uses: Mapped[int]


class Link(Base):
    """A link that works once and not for long; only the digest of its secret is kept."""

    __tablename__ = "link"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    address: Mapped[str | None] = mapped_column(String(320))
    """Where it was mailed to; it is dead once the account has another."""
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What it is about, such as the credential to end; never a secret."""
    created_at: Mapped[datetime] = mapped_column(server_default="0")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
