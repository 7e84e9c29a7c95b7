"""Credential: one row per session and token, without which it is refused; counts of their use."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Dialect, ForeignKey, Index, String, Text, TypeDecorator, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key
from webapp.guard.token_grant import TokenGrant, grant_of, stored


class TokenGrantColumn(TypeDecorator[TokenGrant]):
    """Column type: a ``TokenGrant`` stored as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: TokenGrant | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else stored(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> TokenGrant | None:  # noqa: ARG002 - SQLAlchemy's
        return grant_of(value)


def only(condition: str) -> dict[str, Any]:
    """Arguments for a partial index, on SQLite and PostgreSQL."""
    return {f"{dialect}_where": text(condition) for dialect in ("sqlite", "postgresql")}


class Credential(Base):
    """A session, API token, access token, refresh token, trusted browser or pending login of a user."""

    __tablename__ = "credential"
    __table_args__ = (
        Index("ix_credential_user_id_kind_expires_at_revoked_at", "user_id", "kind", "expires_at", "revoked_at"),
        Index("ix_credential_kind_expires_at_revoked_at_user_id", "kind", "expires_at", "revoked_at", "user_id"),
        Index("ix_credential_last_used_at_user_id", "last_used_at", "user_id"),
        Index("ix_credential_expires_at", "expires_at"),
        # Partial, because nearly all rows have NULL: without statistics, SQLite would choose a full index to find
        # those with NULL, and read every credential.
        Index("ix_credential_revoked_at", "revoked_at", **only("revoked_at IS NOT NULL")),
        Index("ix_credential_family_id", "family_id", **only("family_id IS NOT NULL")),
    )

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """What a request identifies it by: a token's ``jti``, or the digest of a session's secret."""
    kind: Mapped[str] = mapped_column(String(10))
    """``session``, ``token``, ``refresh``, ``trust`` or ``pending``."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    idle_at: Mapped[datetime | None]
    """When it ends unless it is used before: ``idle`` after the last use."""
    idle: Mapped[timedelta | None]
    revoked_at: Mapped[datetime | None]
    auth_time: Mapped[datetime]
    """When the user last proved their identity (OIDC Core §2)."""
    amr: Mapped[str] = mapped_column(String(50))
    """By which methods (RFC 8176), separated by spaces."""
    grant: Mapped[TokenGrant | None] = mapped_column("authority", TokenGrantColumn(), key="grant")
    """What a token may do; None for a session, which may do everything that its user may."""
    last_used_at: Mapped[datetime | None]
    last_used_from: Mapped[str | None] = mapped_column(String(45))
    last_used_for: Mapped[str | None] = mapped_column(String(200))
    """Method and URL rule, such as "GET /reports/<int:number>"; only of tokens."""
    last_used_by: Mapped[str | None] = mapped_column(String(40))
    """Short name of the client, from its User-Agent; only of tokens."""
    family_id: Mapped[UUID | None] = mapped_column(ForeignKey("credential.id", ondelete="SET NULL"))
    """The script login (refresh token) of an access token; ended with it, but not when that one merely expires."""
    sid: Mapped[UUID | None] = mapped_column(index=True)
    """Of a session: its ``sid`` for apps, which stays when confirming a password replaces the session. Of what an app
    was given only for a session (kind ``refresh``): the ``sid`` of that session. None for all others."""

    @property
    def ends_at(self) -> datetime:
        """When it ends unless it is used before."""
        return min(self.expires_at, self.idle_at or self.expires_at)

    def is_live(self, now: datetime) -> bool:
        """Whether it is neither ended nor expired nor idle for too long; in SQL: ``lifecycle.live_condition``."""
        return self.revoked_at is None and now < self.expires_at and (self.idle_at is None or now < self.idle_at)


class CredentialUse(Base):
    """Number of requests with a credential on one day (UTC)."""

    __tablename__ = "credential_use"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    requests: Mapped[int]


class ResourceUse(Base):
    """Number of requests with a session or token for one route on one day (UTC)."""

    __tablename__ = "credential_resource_use"
    __table_args__ = (Index("ix_credential_resource_use_resource_day", "resource", "day"),)

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True, index=True)
    resource: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Method and URL rule, or ``usage_store.OTHER``."""
    requests: Mapped[int]


class TokenNetwork(Base):
    """A network from which a token was used."""

    __tablename__ = "credential_network"

    credential_id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    network: Mapped[str] = mapped_column(String(45), primary_key=True)
    """From ``core.client_network.network_of``."""
    first_at: Mapped[datetime]
