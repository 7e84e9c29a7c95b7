"""What the admin pages and responses show of an app."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from flask import current_app
from sqlalchemy.orm import Session

from webapp.accounts.user_ids import shown_names
from webapp.core.id_token_keys import IdTokenKeys
from webapp.oauth import client_errors, client_secrets, logout_notices, set_up
from webapp.oauth.claims import CLAIMS_BY_SCOPE
from webapp.oauth.metadata import metadata, methods_of
from webapp.oauth.models import ClientError, OAuthClient
from webapp.settings import Settings
from webapp.settings.types import write_duration
from webapp.tokens import refresh_families
from webapp.web.registry import service
from webapp.web.transaction import db

COMPUTED = {"client_id", "people", "access_lifetime", "login_lifetime"}


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that logs users in with this site."""

    client_id: UUID
    name: str
    is_public: bool
    is_first_party: bool
    operator: str
    """Operator of the app, shown on the consent page; empty if not stated."""
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    wants_rs256: bool
    """Whether ID tokens, userinfo and logout tokens are signed with RS256."""
    has_pairwise_subjects: bool
    """Whether it gets user identifiers that no other app gets (OpenID Connect Core §8.1)."""
    signs_userinfo: bool
    """Whether userinfo is a signed JWT."""
    backchannel_logout_uri: str
    """URL to which logout tokens are sent; empty for none."""
    scopes: list[str]
    resources: list[str]
    roles: list[str]
    people: list[str]
    """User names of those who may use it beside users with these roles; the id of an account that was deleted."""
    demanded_level: str
    """``acr`` that a login needs at least; empty for what this site demands."""
    access_lifetime: str | None
    """Lifetime of access tokens, such as ``15m``; None for that of this site."""
    login_lifetime: str | None
    """Time after which users have to log in again; None for that of this site."""
    hides_groups: bool
    group_roles: list[str]
    """Roles that its claim ``groups`` may contain; empty for all."""
    require_pushed_authorization_requests: bool
    jwks: str
    """Public keys with which it proves itself instead of a secret, as JSON (RFC 7517); empty for none."""
    jwks_uri: str
    """URL at which it publishes them instead; empty for none."""
    recipe: str | None
    """Recipe with which it was registered; None if without one."""
    is_for_devices: bool
    is_self_registered: bool
    """Whether it has registered itself, with a token of an admin."""
    created_at: datetime
    disabled_at: datetime | None
    """When it was disabled; None if it is enabled."""


class RegisteredApps(msgspec.Struct, frozen=True):
    clients: list[RegisteredApp]
    after: UUID | None
    """Send it as `after` to get the next page; null on the last page."""


class AppError(msgspec.Struct, frozen=True):
    """The last error of one kind of an app."""

    kind: str
    sentence: str
    last_at: datetime
    times: int
    """How often it happened, in the last month or longer."""


class AppSetUp(msgspec.Struct, frozen=True):
    """What to enter in the app."""

    issuer: str
    discovery_url: str
    endpoints: dict[str, str]
    """URLs, by their names in the metadata (RFC 8414 §2)."""
    authentication: list[str]
    """Methods by which it can authenticate at the token endpoint."""
    code_challenge_method: str
    """Method of PKCE, which every app must use."""
    scopes: str
    """Scopes that the app should request."""
    claims: dict[str, list[str]]
    """Claims that the app gets about a user, by scope."""
    to_paste: str
    """The settings in the form that the app understands, by its recipe."""
    notes: list[str]
    blocked_origins: list[str]
    """Origins of a single-page app that cannot call this site until `WEBAPP_CORS_ORIGINS` has them."""


class AppDetails(RegisteredApp, frozen=True, kw_only=True):
    """An app, and what to enter in its settings."""

    set_up: AppSetUp
    secrets_made_at: list[datetime]
    """When each secret was made, the newest first; all of them work."""
    logins: int
    """Number of logins that have not ended."""
    users: int
    """Number of users with such a login."""
    last_login_at: datetime | None
    errors: list[AppError]
    """The latest first; one of each kind."""
    logout_notices: dict[str, int]
    """Number of logout tokens that are waiting, sent or failed."""


class AppWithSecret(AppDetails, frozen=True, kw_only=True):
    """The only response that contains the secret."""

    client_secret: str | None
    """Null for a public app."""


def registered_app(client: OAuthClient) -> RegisteredApp:
    return RegisteredApp(**columns_of(client))


def app_details(db: Session, client: OAuthClient) -> AppDetails:
    return AppDetails(**details_of(db, client))


def with_secret_of(db: Session, client: OAuthClient, secret: str | None) -> AppWithSecret:
    return AppWithSecret(**details_of(db, client, secret), client_secret=secret)


def details_of(db: Session, client: OAuthClient, secret: str | None = None) -> dict[str, Any]:
    made_at, live = client_secrets.creation_times(db, client), refresh_families.live_of_client(db, client.id)
    return columns_of(client) | {
        "set_up": set_up_of(client, secret),
        "secrets_made_at": list(made_at),
        "logins": live.logins,
        "users": live.users,
        "last_login_at": live.last_at,
        "errors": [app_error(found) for found in client_errors.of_client(db, client.id)],
        "logout_notices": logout_notices.states(db, client_id=client.id),
    }


def app_error(found: ClientError) -> AppError:
    return AppError(found.kind, client_errors.in_words(found), found.last_at, found.times)


def set_up_of(client: OAuthClient, secret: str | None) -> AppSetUp:
    site = current_app.config["BASE_URL"]
    about = metadata(site, algorithms=service(IdTokenKeys).algorithms)
    recipe, values = set_up.recipe_of(client), set_up.values(client, about, current_app.config["SITE_NAME"], secret)
    return AppSetUp(
        issuer=about["issuer"],
        discovery_url=values["discovery_url"],
        endpoints=set_up.endpoints(about),
        authentication=methods_of(client),
        code_challenge_method="S256",
        scopes=recipe.scopes,
        claims={name: list(claims) for name, claims in CLAIMS_BY_SCOPE.items()},
        to_paste=recipe.filled_in(values),
        notes=[str(note) for note in recipe.notes],
        blocked_origins=[
            origin for origin in set_up.browser_origins(client) if origin not in service(Settings).cors_origins
        ],
    )


def columns_of(client: OAuthClient) -> dict[str, Any]:
    of_column = [name for name in RegisteredApp.__struct_fields__ if name not in COMPUTED]
    return {name: getattr(client, name) for name in of_column} | {
        "client_id": client.id,
        "people": shown_names(db(), client.people),
        "access_lifetime": write_duration(client.access_lifetime) if client.access_lifetime else None,
        "login_lifetime": write_duration(client.login_lifetime) if client.login_lifetime else None,
    }
