"""Tables of users, roles, invitations, one-time links and known networks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column, validates

from webapp.accounts.foreign_hashes import cost_of
from webapp.core.db import Base, Key
from webapp.core.translation import _l


def compared_by_byte(length: int) -> String:
    """A string column that PostgreSQL compares byte by byte, as SQLite does, so that prefix searches use its index."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


IS_DISABLED = text("disabled_at IS NOT NULL")
HAS_FOREIGN_HASH = text("password_hash_cost IS NOT NULL")


class User(Base):
    __tablename__ = "user"
    __table_args__ = (
        Index("ix_user_role_username_key", "role", "username_key"),
        Index("ix_user_last_login_at_username_key", "last_login_at", "username_key"),
        Index("ix_user_created_at_username_key", "created_at", "username_key"),
        # Separate indexes for disabled users, who may all be at the end of the general ones.
        *(
            Index(
                f"ix_user_disabled_{'_'.join(columns)}",
                *columns,
                sqlite_where=IS_DISABLED,
                postgresql_where=IS_DISABLED,
            )
            for columns in (("username_key",), ("created_at", "username_key"), ("last_login_at", "username_key"))
        ),
        Index(
            "ix_user_password_hash_cost",
            "password_hash_cost",
            sqlite_where=HAS_FOREIGN_HASH,
            postgresql_where=HAS_FOREIGN_HASH,
        ),
    )

    id: Mapped[Key]
    """Opaque and never reused; the ``sub`` of tokens."""
    username: Mapped[str] = mapped_column(String(50))
    username_key: Mapped[str] = mapped_column(compared_by_byte(200), unique=True)
    """The user name as it is compared; see ``names.normalized_key``."""
    username_skeleton: Mapped[str | None] = mapped_column(String(64), index=True)
    """Equal for names that look alike; see ``confusables.skeleton_key``. Not unique, because users who registered
    before the check keep their names."""
    email: Mapped[str | None] = mapped_column(String(320))
    email_key: Mapped[str | None] = mapped_column(compared_by_byte(400), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    """Empty if there is no local password; no password matches it."""
    is_service: Mapped[bool] = mapped_column(server_default=false())
    """Whether it is a service account, which has no way to log in and gets none; see ``ServiceAccount``."""
    password_hash_cost: Mapped[int | None]
    """Milliseconds that checking an imported hash takes, about; None for hashes that this site made."""
    known_elsewhere_as: Mapped[str | None] = mapped_column(String(200), unique=True)
    """Identifier at the identity provider; None for local accounts."""
    provider_role: Mapped[str | None] = mapped_column(String(20))
    """Role that a group of the identity provider gave at the last login; taken away when the user leaves the group."""
    role: Mapped[str] = mapped_column(ForeignKey("role.name"))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    display_name: Mapped[str | None] = mapped_column(String(100))
    email_verified_at: Mapped[datetime | None]
    """When the user followed a link that was mailed to the e-mail address and shown nowhere else, or when an identity
    provider confirmed the e-mail address. Accounts can log in without it."""
    verification_required_at: Mapped[datetime | None]
    """When the user registered without an invitation; until they follow the mailed link they cannot log in. None for
    accounts that were created by an operator or with an invitation, and after verification."""
    password_changed_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    failed_logins: Mapped[int] = mapped_column(server_default="0")
    """Number of wrong passwords in a row; see ``lockout``."""
    unlocked_at: Mapped[datetime | None]
    """When an admin last lifted the lockout after wrong passwords or codes."""
    closes_at: Mapped[datetime | None] = mapped_column(index=True)
    """When an account that its owner closed is deleted; until then it can be reopened."""
    language: Mapped[str] = mapped_column(String(10), server_default="auto")
    time_zone: Mapped[str] = mapped_column(String(50), server_default="UTC")
    theme: Mapped[str] = mapped_column(String(10), server_default="auto")
    unwanted_mails: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Kinds of informative mail that the user turned off; see ``mail_preferences``."""

    @validates("password_hash")
    def _note_hash_cost(self, _column: str, hashed: str) -> str:
        self.password_hash_cost = cost_of(hashed)
        return hashed

    @property
    def has_external_identity(self) -> bool:
        """Whether an identity provider verifies the password and determines the user name."""
        return self.known_elsewhere_as is not None

    @property
    def attempts_since(self) -> datetime | None:
        """Failed attempts before this moment do not count: the last change of the password, or the last unlock by an
        admin."""
        return max((at for at in (self.password_changed_at, self.unlocked_at) if at is not None), default=None)

    @property
    def has_password(self) -> bool:
        return self.password_hash != ""

    @property
    def has_imported_hash(self) -> bool:
        """Whether another program made the password hash; the next login replaces it."""
        return self.password_hash_cost is not None

    @property
    def is_unverified(self) -> bool:
        """Whether the account cannot log in until its owner follows the first mailed link."""
        return self.verification_required_at is not None

    def verify_email(self, at: datetime) -> None:
        """Mark the e-mail address as verified, after a link was followed that only its mailbox received."""
        self.email_verified_at, self.verification_required_at = at, None


class ServiceAccount(Base):
    """Who owns a service account: a person or a role. With neither, its owner was deleted."""

    __tablename__ = "service_account"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"), index=True)
    owner_role: Mapped[str | None] = mapped_column(ForeignKey("role.name"), index=True)
    purpose: Mapped[str] = mapped_column(String(200))


class LoginNetwork(Base):
    """A network that a user has logged in from; see ``known_networks``."""

    __tablename__ = "known_network"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    network: Mapped[str] = mapped_column(String(50), primary_key=True)
    """An IPv4 address, or the /64 prefix of an IPv6 address."""
    last_login_at: Mapped[datetime]


# What migrations stored for the built-in roles; shown in the language of the reader until somebody edits it.
BUILT_IN_DESCRIPTIONS = {
    "Everybody with an account.": _l("Everyone with an account."),
    "Looks after people.": _l("Can manage users."),
    "Looks after those who look after people.": _l("Can manage users, admins and roles."),
}


class Role(Base):
    """A named set of permissions; it may include other roles."""

    __tablename__ = "role"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    description: Mapped[str] = mapped_column(String(200))
    includes: Mapped[list[str]] = mapped_column(JSON)
    """Names of the roles that it includes directly."""
    closure: Mapped[list[str]] = mapped_column(JSON)
    """All roles that it includes directly or indirectly, itself among them, lowest first. Read on every request,
    computed when a role changes."""

    @property
    def shown_description(self) -> str:
        """The description for pages and API, translated if it is the built-in one."""
        return str(BUILT_IN_DESCRIPTIONS.get(self.description, self.description))


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
    """A mailed link that works once; only the digest of its secret is stored."""

    __tablename__ = "link"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20), index=True)
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    email: Mapped[str | None] = mapped_column("address", String(320))
    """E-mail address it was sent to; the link stops working when the account has another."""
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """What it is about, such as the id of the credential to end; never a secret."""
    created_at: Mapped[datetime] = mapped_column(server_default="0")
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class MailRequest(Base):
    """A request that is answered by mail, encrypted, until it has been carried out; see ``mail_requests``."""

    __tablename__ = "mail_request"

    id: Mapped[Key]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
    """When a job carries it out, unless the process that accepted it has done so."""
