"""The blueprint of the authorization server, and what its endpoints share."""

from collections.abc import Iterable, Mapping

import msgspec
from flask import Blueprint, Response, current_app, request

from webapp.core.translation import _
from webapp.oauth.grants.token_service import TokenService
from webapp.tokens.refresh_families import ScriptClient
from webapp.web.negotiation import as_json
from webapp.web.registry import service

bp = Blueprint("oauth", __name__)


def issuer() -> str:
    """The URL of this site, which is the ``iss`` of its tokens and responses."""
    url: str = current_app.config["BASE_URL"]
    return url


def token_service() -> TokenService:
    return service(TokenService)


def caller() -> ScriptClient:
    return ScriptClient(request.headers.get("User-Agent", ""), request.remote_addr)


def at_services(resources: Iterable[str]) -> list[str]:
    """For which other services an app gets tokens, in plain words."""
    return [_("Use your account at %(service)s.", service=uri) for uri in resources if uri != issuer()]


class OAuthError(msgspec.Struct, frozen=True):
    """An error response (RFC 6749 §5.2)."""

    error: str
    error_description: str


def oauth_error(
    error: str, description: str, *, status: int = 400, headers: Mapping[str, str] | None = None
) -> Response:
    response = as_json(OAuthError(error, description), status=status)
    response.headers.update(headers or {})
    return response
