"""LoginProvider and what belongs to it: linked identities, logins that wait for a decision, logins by session."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class LoginProvider(Base):
    """An identity provider that users can log in with."""

    __tablename__ = "login_provider"

    id: Mapped[Key]
    slug: Mapped[str] = mapped_column(String(30), unique=True)
    """Its name in URLs, which does not change: the redirect URI contains it."""
    name: Mapped[Name]
    """Name on the button of the login page."""
    kind: Mapped[str] = mapped_column(String(10))
    """Protocol: ``oidc``, ``oauth2`` or ``oauth1``."""
    preset: Mapped[str] = mapped_column(String(30), server_default="")
    """Key of the preset that it was entered with; empty for none."""
    position: Mapped[int] = mapped_column(server_default="0")
    """Order of the buttons; the lowest first."""
    issuer: Mapped[str] = mapped_column(String(500), unique=True)
    """Identifies the provider in links to accounts: its issuer (OpenID Connect Core §2), or its URL.

    Two providers with one issuer would share their identities, although they may be trusted with different things.
    """
    client_id: Mapped[str] = mapped_column(String(300))
    client_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted; None for a public client."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    endpoints: Mapped[dict[str, str]] = mapped_column(JSON, server_default="{}")
    """URLs of a provider without discovery, by their name in RFC 8414."""
    claim_names: Mapped[dict[str, str]] = mapped_column(JSON, server_default="{}")
    """Names of claims at a provider without OpenID Connect, by the standard name of the claim; see ``claim_names``."""
    client_auth_method: Mapped[str] = mapped_column(String(30), server_default="")
    """How this site authenticates without metadata: for ``oauth2`` ``client_secret_post`` (the default) or
    ``client_secret_basic``, for ``oauth1`` ``HMAC-SHA1`` (the default) or ``RSA-SHA1``, whose secret is a private key
    (PEM)."""
    email_domains: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Domains for whose e-mail addresses the provider is authoritative; ``*`` for all."""
    account_policy: Mapped[str] = mapped_column(String(10), server_default="closed")
    """Who gets an account at the first login: ``open``, ``domains``, ``invited`` or ``closed``."""
    account_domains: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Domains of e-mail addresses for the policy ``domains``."""
    role_rules: Mapped[list[dict[str, str]]] = mapped_column(JSON, server_default="[]")
    """Rules that give a role by a claim, in order; each has ``claim``, ``value`` and ``role``."""
    grantable_roles: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Roles that its rules may give."""
    trusted_acr: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Values of ``acr`` that count as two factors."""
    trusted_amr: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Values of ``amr`` (RFC 8176) that count as two factors."""
    logs_out: Mapped[bool] = mapped_column(server_default=false())
    """Whether a logout here continues at the provider (OpenID Connect RP-Initiated Logout 1.0)."""
    is_declared: Mapped[bool] = mapped_column(server_default=false())
    """Whether ``providers.toml`` in the instance folder declares it, so that it cannot be edited here."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class LinkedIdentity(Base):
    """An account at a provider with which a user can log in."""

    __tablename__ = "linked_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[Key]
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("login_provider.id", ondelete="CASCADE"), index=True)
    shown_as: Mapped[str] = mapped_column(String(320))
    """E-mail address or name at the provider at the last login, for pages."""
    given_role: Mapped[str | None] = mapped_column(String(20))
    """Role that a rule gave at the last login; taken away when the rule no longer applies."""
    created_at: Mapped[datetime]
    last_login_at: Mapped[datetime | None]


class UnlinkedIdentity(Base):
    """An identity that was unlinked from an account, which nothing but a login to the account links again."""

    __tablename__ = "unlinked_identity"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Digest of issuer and subject; see ``unlinked_identities``."""


class WaitingIdentity(Base):
    """A verified identity without an account, whose user has to decide: a new account, or one that exists."""

    __tablename__ = "waiting_identity"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Digest of the secret in the cookie of the browser that it belongs to."""
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("login_provider.id", ondelete="CASCADE"), index=True)
    identity: Mapped[dict[str, Any]] = mapped_column(JSON)
    id_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted; see ``ProviderSession``, which gets it when the session starts."""
    next: Mapped[str] = mapped_column(Text, server_default="")
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ProviderSession(Base):
    """Which session of a provider a session of this site came from, so that both can end together."""

    __tablename__ = "provider_session"

    id: Mapped[Key]
    provider_id: Mapped[UUID] = mapped_column(ForeignKey("login_provider.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(500))
    subject: Mapped[str] = mapped_column(String(255))
    provider_sid: Mapped[str] = mapped_column(String(255), server_default="", index=True)
    """``sid`` of the provider's ID token; empty if it had none."""
    id_token: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Encrypted, for the logout at the provider; None where nobody logs out there."""
    sid: Mapped[UUID | None] = mapped_column(index=True)
    """``Credential.sid`` of the session here; None until the login is complete."""
    created_at: Mapped[datetime] = mapped_column(index=True)


class ProviderError(Base):
    """The last error of one kind of a provider; at most as many rows as there are kinds."""

    __tablename__ = "provider_error"

    provider_id: Mapped[UUID] = mapped_column(ForeignKey("login_provider.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    detail: Mapped[str] = mapped_column(String(250))
    """For the operator, without anything that could be secret."""
    last_at: Mapped[datetime]
    times: Mapped[int]
