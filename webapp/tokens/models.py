"""ApiToken, TokenNotice, RefreshFamily, RefreshToken: what tokens have besides their credential; no secrets."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class ApiToken(Base):
    """An API token or access token: name, note and origin."""

    __tablename__ = "api_token"
    __table_args__ = (
        UniqueConstraint("user_id", "taken_name"),
        UniqueConstraint("user_id", "once"),
        UniqueConstraint("rotated_from"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    """Also the ``jti``, so that a revoked token is recognised."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    name: Mapped[Name]
    taken_name: Mapped[str | None] = mapped_column(String(200))
    """The case-folded name while the token is live; None afterwards, so that the name can be used again."""
    once: Mapped[str | None] = mapped_column(String(64))
    """Random id of the form that created it, so that submitting the form twice creates one token."""
    origin: Mapped[str] = mapped_column(String(10))
    """How it was issued: ``page``, ``api``, ``cli`` or ``rotation``."""
    note: Mapped[str | None] = mapped_column(String(200))
    reason: Mapped[str | None] = mapped_column(String(200))
    """Why it has no expiry; None if it has one."""
    rotated_from: Mapped[UUID | None] = mapped_column(ForeignKey("api_token.id", ondelete="SET NULL"))
    """The token that it replaced."""
    rotated_at: Mapped[datetime | None]
    """When it was replaced; since then it expires after the overlap at the latest."""
    rotated_by: Mapped[str | None] = mapped_column(String(10))
    """Who replaced it: ``owner``, ``self`` or ``cli``; None if it was not, or before this was recorded."""
    repeated_at: Mapped[datetime | None]
    """When it first repeated its own rotation; further repeats leave no trace in the audit log."""
    issuer: Mapped[str | None] = mapped_column(String(200))
    """Its ``iss``: the URL of the site when it was issued. None only until the next start of a new version."""


class TokenNotice(Base):
    """The last mail of each kind about a token, so that it is not sent again too soon."""

    __tablename__ = "token_notice"

    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    at: Mapped[datetime]


class RefreshFamily(Base):
    """A script login, or what a user has given an app; its credential has the kind ``refresh``."""

    __tablename__ = "refresh_family"

    id: Mapped[UUID] = mapped_column(ForeignKey("credential.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[UUID | None] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), index=True)
    """The app that a user logged in to with this site; None for a script."""
    app_name: Mapped[str | None] = mapped_column(String(50))
    access_lifetime: Mapped[timedelta]
    user_agent: Mapped[str] = mapped_column(String(300))
    ip_address: Mapped[str | None] = mapped_column("address", String(45), key="ip_address")


class RefreshToken(Base):
    """A refresh token; used ones are kept, so that reuse is detected (RFC 9700 §4.14.2)."""

    __tablename__ = "refresh_token"
    __table_args__ = (UniqueConstraint("family_id", "generation"),)

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    family_id: Mapped[UUID] = mapped_column(ForeignKey("refresh_family.id", ondelete="CASCADE"))
    generation: Mapped[int]
    created_at: Mapped[datetime]
    spent_at: Mapped[datetime | None]
    first_repeated_at: Mapped[datetime | None] = mapped_column("forgiven_at")
    """When its successor was first returned again; further repeats leave no trace in the audit log."""


class RevokedExchangedToken(Base):
    """The ``jti`` of an exchanged token that was revoked; deleted once the token has expired anyway."""

    __tablename__ = "revoked_exchanged_token"

    id: Mapped[Key]
    expires_at: Mapped[datetime] = mapped_column(index=True)
