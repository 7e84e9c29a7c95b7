"""OAuthClient and what belongs to it: secrets, consents, requests and codes."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, Key, Name


class OAuthClient(Base):
    """An app that is registered here (RFC 6749 §2)."""

    __tablename__ = "oauth_client"

    id: Mapped[Key]
    """Its ``client_id``, as text."""
    name: Mapped[Name] = mapped_column(unique=True)
    is_public: Mapped[bool]
    """Whether it cannot keep a secret, such as a single-page or native app (RFC 6749 §2.1)."""
    is_first_party: Mapped[bool] = mapped_column(server_default=false())
    """Whether it belongs to the operator of this site, so that users are not asked for consent."""
    operator: Mapped[str] = mapped_column(String(100), server_default="")
    """Operator of the app, entered by an admin and shown on the consent page; empty if not stated."""
    redirect_uris: Mapped[list[str]] = mapped_column(JSON)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Where users go after a logout that the app has started."""
    backchannel_logout_uri: Mapped[str] = mapped_column(Text, server_default="")
    """URL for logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.2); empty for none."""
    wants_rs256: Mapped[bool] = mapped_column(server_default=false())
    """Whether ID tokens, userinfo and logout tokens are signed with RS256 instead of the algorithm of the site."""
    has_pairwise_subjects: Mapped[bool] = mapped_column(server_default=false())
    """Whether it gets pairwise identifiers of users, which no other app gets (OpenID Connect Core §8.1)."""
    subject_salt: Mapped[str] = mapped_column(String(43), server_default="")
    """Salt of these identifiers; empty until first needed. It never changes then: the app would lose its users."""
    signs_userinfo: Mapped[bool] = mapped_column(server_default=false())
    """Whether userinfo is a signed JWT (OpenID Connect Core §5.3.2)."""
    scopes: Mapped[list[str]] = mapped_column(JSON)
    """Scopes of this site's own API that it may request, besides those of OpenID Connect."""
    resources: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Other services for which it may get access tokens (RFC 8707), by URI."""
    roles: Mapped[list[str]] = mapped_column(JSON)
    """Roles whose users may log in to it."""
    people: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Ids of further users who may; with ``roles`` empty too, everybody may. Ids of deleted accounts stay."""
    demanded_level: Mapped[str] = mapped_column(String(10), server_default="")
    """``acr`` that a login needs at least, besides what settings demand; empty for none."""
    access_lifetime: Mapped[timedelta | None]
    """Lifetime of its access tokens, if that of the site is longer."""
    login_lifetime: Mapped[timedelta | None]
    """Time after which a user has to log in again, if that of the site is longer."""
    hides_groups: Mapped[bool] = mapped_column(server_default=false())
    """Whether it never gets the scope ``groups``."""
    group_roles: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Roles that may be in the claim ``groups``; empty for all that the user has."""
    service_account_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="SET NULL"))
    """Service account whose tokens it gets by client credentials (RFC 6749 §4.4); None if it may not use this grant."""
    jwks: Mapped[str] = mapped_column(Text, server_default="")
    """Public keys with which it proves itself instead of a secret (RFC 7517), as JSON; empty for none."""
    jwks_uri: Mapped[str] = mapped_column(Text, server_default="")
    """URL at which it publishes them, instead of ``jwks``; empty for none."""
    require_pushed_authorization_requests: Mapped[bool] = mapped_column(server_default=false())
    """Whether its users' browsers may only bring requests that it has pushed (RFC 9126 §6)."""
    recipe: Mapped[str | None] = mapped_column(String(30))
    """Key of the recipe that it was registered by; None if by hand."""
    is_for_devices: Mapped[bool] = mapped_column(server_default=false())
    """Whether it may use the device authorization grant (RFC 8628)."""
    is_self_registered: Mapped[bool] = mapped_column(server_default=false())
    """Whether it has registered itself (RFC 7591), so that no admin has looked at it."""
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]

    @property
    def has_keys(self) -> bool:
        """Whether it authenticates by ``private_key_jwt`` (OpenID Connect Core §9) and has no secret."""
        return bool(self.jwks or self.jwks_uri)


class ClientSecret(Base):
    """A client secret; a client may have two at a time, to change from one to the other."""

    __tablename__ = "oauth_client_secret"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]


class Consent(Base):
    """What a user has allowed a client to get, so that they are not asked again."""

    __tablename__ = "oauth_consent"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), primary_key=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    resources: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    given_at: Mapped[datetime]


class PushedRequest(Base):
    """An authorization request that a client has pushed (RFC 9126); deleted when it is used."""

    __tablename__ = "oauth_pushed_request"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Digest of its ``request_uri``."""
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), index=True)
    query: Mapped[str] = mapped_column(Text)
    """Its parameters as a query string."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    opened_at: Mapped[datetime | None]
    """When a browser first presented it."""


class AuthorizationCode(Base):
    """An authorization code (RFC 6749 §4.1.2); used ones are kept until they expire, so that reuse is detected."""

    __tablename__ = "oauth_code"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    session_id: Mapped[UUID]
    """``sid`` of the session in which the user allowed it."""
    redirect_uri: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    resources: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    """Services that the tokens may be for (RFC 8707); empty for this site."""
    nonce: Mapped[str | None] = mapped_column(Text)
    code_challenge: Mapped[str] = mapped_column(String(43))
    """``code_challenge`` of PKCE with S256 (RFC 7636 §4.2)."""
    dpop_jkt: Mapped[str | None] = mapped_column(String(43))
    """Thumbprint of the key that the client must prove with the code (RFC 9449 §10); None if it may choose."""
    auth_time: Mapped[datetime]
    amr: Mapped[str] = mapped_column(String(50))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    grant_id: Mapped[UUID | None]
    """The refresh token family that was issued for it; ended if the code is used again (RFC 6749 §4.1.2)."""


class DeviceCode(Base):
    """A device that waits for a user to allow it (RFC 8628 §3.2); kept for an hour, so that reuse is detected."""

    __tablename__ = "oauth_device_code"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """Digest of the device code."""
    user_code: Mapped[str] = mapped_column(String(43), unique=True)
    """HMAC of the code that the user types: it is too short for a plain digest."""
    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    """Requested; from the user's decision on, granted."""
    resources: Mapped[list[str]] = mapped_column(JSON)
    """Services that its access tokens may be for (RFC 8707); empty for this site."""
    jkt: Mapped[str | None] = mapped_column(String(43))
    """Thumbprint of the key that the device has proved (RFC 9449 §5); its token requests must prove it too."""
    ip_address: Mapped[str | None] = mapped_column("address", String(45))
    """IP address of the device, for the user to compare."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    interval: Mapped[timedelta]
    """How long the device waits between two token requests (§3.5)."""
    polled_at: Mapped[datetime | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    """The user who decided."""
    session_id: Mapped[UUID | None]
    """``sid`` of the session in which the user allowed it, for ID tokens."""
    allowed_at: Mapped[datetime | None]
    denied_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
    grant_id: Mapped[UUID | None]
    """The refresh family that the user allowed; ended if the code is used again."""


class ClientError(Base):
    """The last error of one kind of a client; at most as many rows as there are kinds."""

    __tablename__ = "oauth_client_error"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("oauth_client.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    detail: Mapped[str] = mapped_column(String(250))
    """Text of whoever sent the request, without anything that could be secret."""
    last_at: Mapped[datetime]
    times: Mapped[int]


class RegistrationToken(Base):
    """An initial access token (RFC 7591 §1.2): with it, apps register themselves; deleted with its last use."""

    __tablename__ = "oauth_registration_token"

    id: Mapped[Key]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    uses_left: Mapped[int]
    allows_logout_uri: Mapped[bool]
    """Whether its apps may name a URL that this site sends logout tokens to."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
