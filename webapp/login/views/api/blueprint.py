"""The blueprint of /api/auth, and what its endpoints share."""

from math import ceil

import msgspec
from flask import Blueprint, Response

from webapp.core.clock import now
from webapp.core.translation import _
from webapp.login.refresh_grant import GrantedTokens
from webapp.login.views.api.error_codes import method_not_allowed, with_error
from webapp.tokens.issuing import IssuedToken, TokenIssuer, scopes_of
from webapp.tokens.scopes import Catalogue
from webapp.web.negotiation import as_json
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.token_cookie import csrf_value, set_cookies

bp = Blueprint("api_auth", __name__)
bp.after_request(with_error)
bp.app_errorhandler(405)(method_not_allowed)


class AccessToken(msgspec.Struct, frozen=True):
    """Token response (RFC 6749 §5.1)."""

    access_token: str
    token_type: str
    expires_in: int
    """In seconds."""
    scope: str
    refresh_token: str
    """Works once, for the next access token and the next refresh token."""
    refresh_expires_in: int
    """In seconds, unless it is used before."""


def token_response(granted: GrantedTokens) -> Response:
    credential = granted.issued.credential
    return as_json(
        AccessToken(
            access_token=granted.issued.token,
            token_type="DPoP" if credential.grant and credential.grant.jkt else "Bearer",
            # Remaining, not original lifetime: the response is repeated if it was lost.
            expires_in=ceil((credential.expires_at - now()).total_seconds()),
            scope=" ".join(scopes_of(credential)),
            refresh_token=granted.refresh_token,
            refresh_expires_in=round((granted.refresh_ends_at - now()).total_seconds()),
        )
    )


class TokenInCookie(msgspec.Struct, frozen=True):
    csrf_token: str
    """The value of `X-CSRF-Token` for every change; also in a cookie that scripts can read."""
    expires_in: int
    scope: str


def token_cookie_response(issued: IssuedToken) -> Response:
    credential = issued.credential
    lifetime = credential.expires_at - credential.created_at
    body = TokenInCookie(csrf_value(credential.id), int(lifetime.total_seconds()), " ".join(scopes_of(credential)))
    response = as_json(body)
    set_cookies(response, issued.token, credential.id, lifetime)
    return response


def issuer() -> TokenIssuer:
    return service(TokenIssuer)


def catalogue() -> Catalogue:
    return service(Catalogue)


def form_problem(errors: dict[str, list[str]], *, error: str | None = None) -> Problem:
    """Problem 400 for a form that is not accepted.

    Args:
        error: the registered error code, if there is a specific one.
    """
    if error is None and "grant_type" in errors:
        error = "unsupported_grant_type"
    # 400 rather than 422, as RFC 6749 §5.2 says.
    extra = {"errors": errors} | ({"error": error} if error else {})
    return Problem(400, _("Invalid request"), _("Each invalid field says why."), extra=extra)
