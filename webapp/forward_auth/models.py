"""ProxiedApp with its hosts and rules, sessions at proxied apps, and access: grants, requests, guest links."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, true
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class ProxiedApp(Base):
    """An app behind a reverse proxy that asks this site about each request."""

    __tablename__ = "proxied_app"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(30), unique=True)
    """Its name in URLs and in the scope ``app:SLUG``; it does not change."""
    name: Mapped[Name]
    icon: Mapped[str] = mapped_column(String(8), server_default="")
    """A letter or emoji for the list of apps; empty for the first letter of the name."""
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    """Who decides about requests for access; None for the administrators."""
    roles: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Roles whose users may open it."""
    people: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Ids of further users who may; with ``roles`` empty too, everybody with an account may."""
    is_declared: Mapped[bool] = mapped_column(server_default=false())
    """Whether ``apps.toml`` in the instance folder declares it, so that it cannot be edited here."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class ProxiedHost(Base):
    """A host at which the proxy serves an app."""

    __tablename__ = "proxied_host"

    host: Mapped[str] = mapped_column(String(260), primary_key=True)
    """Lower case, with the port if it is not that of the scheme."""
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    """The lowest is where links to the app lead."""


class AccessRule(Base):
    """What requests for some paths of an app must meet; the first rule that matches applies."""

    __tablename__ = "access_rule"

    id: Mapped[Key]
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    path: Mapped[str] = mapped_column(String(200))
    """Pattern; see ``path_patterns``."""
    methods: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Empty for all; GET includes HEAD."""
    is_public: Mapped[bool] = mapped_column(server_default=false())
    """Whether everybody is allowed without a login, and the app gets no user name."""
    role: Mapped[str | None] = mapped_column(String(20))
    """A role that the user must have besides."""
    level: Mapped[str] = mapped_column(String(10), server_default="")
    """``acr`` that the login must have reached; empty for none."""
    accepts_tokens: Mapped[bool] = mapped_column(server_default=true())
    """Whether tokens with the scope ``app:SLUG`` are accepted, besides logins."""
    authorization: Mapped[str] = mapped_column(String(10), server_default="bearer")
    """How the header ``Authorization`` is used: ``bearer`` for tokens of this site, ``basic`` for tokens also as the
    password of Basic, ``app`` for the app's own, which is not read."""
    accepts_dpop: Mapped[bool] = mapped_column(server_default=false())
    """Whether tokens that are bound to a key are accepted, with a proof for the URL of the app (RFC 9449)."""
    allows_preflight: Mapped[bool] = mapped_column(server_default=false())
    """Whether CORS preflights pass (Fetch Standard §3.2.2), which carry no credential."""
    sends_identity: Mapped[bool] = mapped_column(server_default=true())
    """Whether the app gets user name, e-mail address, name and roles."""
    networks: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Networks in CIDR notation from which requests are allowed; empty for all."""


class ProxiedAppsVersion(Base):
    """One row whose number grows with each change of apps, hosts and rules, so that every process notices."""

    __tablename__ = "proxied_apps_version"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int]


class ProxiedSession(Base):
    """A browser's login at one host of an app, by a cookie of that host; it ends with the session that it came from."""

    __tablename__ = "proxied_session"
    __table_args__ = (UniqueConstraint("sid", "host"),)

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """Digest of the secret in the cookie."""
    sid: Mapped[UUID]
    """``Credential.sid`` of the session."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), index=True)
    host: Mapped[str] = mapped_column(String(260))
    started_at: Mapped[datetime]


class ArrivalTicket(Base):
    """A login on its way from this site to the host of an app; deleted when it arrives."""

    __tablename__ = "arrival_ticket"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(43))
    """Digest of the secret in the cookie of the browser that it was issued for, as base64url."""
    sid: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), index=True)
    host: Mapped[str] = mapped_column(String(260))
    url: Mapped[str] = mapped_column(Text)
    """Where the browser goes afterwards."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class AccessGrant(Base):
    """Access to an app for a limited time, for a user who is none of those it is for."""

    __tablename__ = "access_grant"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), primary_key=True)
    granted_at: Mapped[datetime]
    granted_by: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]


class CheckCount(Base):
    """How often checks with one caller, path and outcome were answered in one hour."""

    __tablename__ = "check_count"

    id: Mapped[Key]
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"))
    hour: Mapped[datetime]
    """When it began."""
    method: Mapped[str] = mapped_column(String(41))
    path: Mapped[str] = mapped_column(String(200))
    """Pattern without what looks like an id; empty for paths with several readings, and for those that are too many."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    """None if nobody was logged in."""
    kind: Mapped[str] = mapped_column(String(10))
    """``session`` or ``token``; empty for nobody."""
    level: Mapped[int]
    """``Level`` of the login."""
    rule_number: Mapped[int]
    """Of the rule that applied, at that time; 0 for none."""
    outcome: Mapped[str] = mapped_column(String(30))
    """``allow``, or why it was refused."""
    requests: Mapped[int]

    __table_args__ = (Index("ix_check_count_app_id_hour", "app_id", "hour"),)


class AccessRequest(Base):
    """A request for access to an app that nobody has decided about; deleted with the decision."""

    __tablename__ = "access_request"
    __table_args__ = (UniqueConstraint("user_id", "app_id"),)

    id: Mapped[Key]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"))
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime]


class GuestLink(Base):
    """A link with which anybody may read a part of an app until it ends, without an account."""

    __tablename__ = "guest_link"

    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """Digest of the secret in the link and in the cookie."""
    app_id: Mapped[UUID] = mapped_column(ForeignKey("proxied_app.id", ondelete="CASCADE"), index=True)
    prefix: Mapped[str] = mapped_column(String(200))
    """Path that it is for, with everything below; decoded."""
    note: Mapped[str] = mapped_column(String(100))
    """Whom it is for."""
    created_by: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    """It works as long as they may log in."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_opened_at: Mapped[datetime | None]
