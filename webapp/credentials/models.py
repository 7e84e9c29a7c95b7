"""Credential: one row for each session and each token that exists, so that an unknown one is refused."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Dialect, ForeignKey, Index, String, Text, TypeDecorator, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key
from webapp.guard.token_grant import TokenGrant, authority_of, stored


class TokenGrantColumn(TypeDecorator[TokenGrant]):
    """An authority, stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: TokenGrant | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else stored(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> TokenGrant | None:  # noqa: ARG002 - SQLAlchemy's
        return authority_of(value)


def only(condition: str) -> dict[str, Any]:
    """The rows of an index, on either database."""
    return {f"{dialect}_where": text(condition) for dialect in ("sqlite", "postgresql")}


class Credential(Base):
    __tablename__ = "credential"
    __table_args__ = (
        Index("ix_credential_user_id_kind_expires_at_revoked_at", "user_id", "kind", "expires_at", "revoked_at"),
        Index("ix_credential_kind_expires_at_revoked_at_user_id", "kind", "expires_at", "revoked_at", "user_id"),
        Index("ix_credential_last_used_at_user_id", "last_used_at", "user_id"),
        Index("ix_credential_expires_at", "expires_at"),
        # Of the few that have one: nearly all have none, and without statistics SQLite takes an index that says so for
        # a good one, and reads every credential there is.
        Index("ix_credential_revoked_at", "revoked_at", **only("revoked_at IS NOT NULL")),
        Index("ix_credential_family_id", "family_id", **only("family_id IS NOT NULL")),
    )

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """By which a request names it: a token's ``jti``, or the digest of a session's secret."""
    kind: Mapped[str] = mapped_column(String(10))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_at: Mapped[datetime | None]
    """When it ends unless used before; moves with each use."""
    idle: Mapped[timedelta | None]
    revoked_at: Mapped[datetime | None]
    auth_time: Mapped[datetime]
    amr: Mapped[str] = mapped_column(String(50))
    authority: Mapped[TokenGrant | None] = mapped_column(TokenGrantColumn())
    """What a token may do at the most; a session may all that its user may."""
    last_used_at: Mapped[datetime | None]
    last_used_from: Mapped[str | None] = mapped_column(String(45))
    last_used_for: Mapped[str | None] = mapped_column(String(200))
    """Method and rule, such as "GET /reports/<int:number>"; of tokens alone."""
    last_used_by: Mapped[str | None] = mapped_column(String(40))
    """The client as it names itself, in a word or two."""
    family_id: Mapped[UUID | None] = mapped_column(ForeignKey("credential.id", ondelete="SET NULL"))
    """The login of a script that it came from, and is ended with; it may outlast one that merely ran out."""

    @property
    def ends_at(self) -> datetime:
        """The first of its ends, unless it is used before."""
        return min(self.expires_at, self.idle_at or self.expires_at)

    def is_live(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at and (self.idle_at is None or now < self.idle_at)


class CredentialUse(Base):
    """How often a credential was used on a day (UTC)."""

    __tablename__ = "credential_use"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    requests: Mapped[int]


class ResourceUse(Base):
    """How often a token was used for one thing on a day (UTC)."""

    __tablename__ = "credential_resource_use"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    resource: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Method and rule, or ``OTHER``."""
    requests: Mapped[int]


class TokenNetwork(Base):
    """From where a token was used."""

    __tablename__ = "credential_network"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    network: Mapped[str] = mapped_column(String(45), primary_key=True)
    """As ``network_of`` says it."""
    first_at: Mapped[datetime]
