"""What the admin pages and responses show of an app."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from webapp.oauth.models import OAuthClient


class RegisteredApp(msgspec.Struct, frozen=True, kw_only=True):
    """An app that logs users in with this site."""

    client_id: UUID
    name: str
    is_public: bool
    is_first_party: bool
    redirect_uris: list[str]
    post_logout_redirect_uris: list[str]
    scopes: list[str]
    roles: list[str]
    require_pushed_authorization_requests: bool
    created_at: datetime


class RegisteredApps(msgspec.Struct, frozen=True):
    clients: list[RegisteredApp]


class AppWithSecret(RegisteredApp, frozen=True, kw_only=True):
    """The only response that contains the secret."""

    client_secret: str | None
    """Null for a public app."""


def registered_app(client: OAuthClient) -> RegisteredApp:
    return RegisteredApp(**columns_of(client))


def with_secret_of(client: OAuthClient, secret: str | None) -> AppWithSecret:
    return AppWithSecret(**columns_of(client), client_secret=secret)


def columns_of(client: OAuthClient) -> dict[str, Any]:
    names = (name for name in RegisteredApp.__struct_fields__ if name != "client_id")
    return {"client_id": client.id} | {name: getattr(client, name) for name in names}
