"""/oauth/token: the token endpoint (RFC 6749 §3.2)."""

from collections.abc import Callable
from math import ceil

import msgspec
from flask import Response, request
from flask.typing import ResponseReturnValue
from msgspec import UNSET, UnsetType
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.guard.require import public_to_scripts
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.oauth import clients, resources
from webapp.oauth.codes import Redemption
from webapp.oauth.grants import authorization_code, client_credentials, device_code, refresh_token
from webapp.oauth.grants.token_service import GrantRefused, OAuthTokens, TokenService
from webapp.oauth.models import OAuthClient
from webapp.oauth.views.blueprint import bp, caller, oauth_error, token_service
from webapp.oauth.views.calling_client import authenticated_client, client_refused, malformed
from webapp.oauth.views.discovery import signing_algorithm
from webapp.oauth.views.error_notes import note_refusal
from webapp.tokens.issuing import TooManyTokens, scopes_of
from webapp.web import dpop
from webapp.web.known_fields import reads
from webapp.web.negotiation import as_json
from webapp.web.registry import service
from webapp.web.transaction import database


class TokenResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3)."""

    access_token: str
    token_type: str
    expires_in: int
    """In seconds."""
    scope: str
    refresh_token: str | UnsetType = UNSET
    id_token: str | UnsetType = UNSET


@bp.post("/oauth/token")
@public_to_scripts
@reads(others=True)
def token() -> ResponseReturnValue:
    """Exchange a code, a refresh token or the credentials of a client for an access token."""
    signing_algorithm()
    if (misuse := malformed()) is not None:
        return oauth_error("invalid_request", misuse)
    grant_type = request.form.get("grant_type", "")
    if grant_type not in GRANTS:
        error = "unsupported_grant_type" if grant_type else "invalid_request"
        return oauth_error(error, f"grant_type must be one of {', '.join(GRANTS)}")
    return issue(GRANTS[grant_type])


Grant = Callable[[Session, OAuthClient, str | None], OAuthTokens | GrantRefused]


def issue(grant: Grant) -> Response:
    """Authenticate the client and run a grant, in a transaction of its own: a refusal is committed too."""
    client = authenticated_client()
    if isinstance(client, Response):
        return client
    # Counted before the transaction, because SQLite has one writer.
    jkt = dpop.spend(dpop.presented_proof())
    try:
        with database().write() as db:
            # A concurrent change of the client waits for this lock, and then ends what was issued.
            current = clients.unchanging(db, client.id)
            if current is None:
                return client_refused("the client was disabled")
            outcome = grant(db, current, jkt)
    except TooManyTokens:
        # The message of the error is translated, and RFC 6749 §5.2 allows ASCII only.
        return oauth_error("invalid_grant", "the account has the maximum number of active tokens")
    if isinstance(outcome, GrantRefused):
        if outcome.is_guess:
            service(InvalidTokenLimit).count(request.remote_addr)
        note_refusal(client.id, outcome.error, outcome.description)
        return oauth_error(outcome.error, outcome.description)
    return token_response(outcome)


def token_response(granted: OAuthTokens) -> Response:
    credential = granted.issued.credential
    return as_json(
        TokenResponse(
            access_token=granted.issued.token,
            token_type="DPoP" if credential.grant and credential.grant.jkt else "Bearer",
            expires_in=ceil((credential.expires_at - now()).total_seconds()),
            scope=" ".join(scopes_of(credential)),
            refresh_token=granted.refresh_token or UNSET,
            id_token=granted.id_token or UNSET,
        )
    )


def service_for(client: OAuthClient) -> TokenService:
    """The token service with the lifetimes of a client."""
    return token_service().limited_to(client)


def by_code(db: Session, client: OAuthClient, jkt: str | None) -> OAuthTokens | GrantRefused:
    form = request.form
    redemption = Redemption(
        form.get("code", ""), form.get("redirect_uri"), form.get("code_verifier", ""), jkt, resource()
    )
    return authorization_code.exchange(db, service_for(client), client, redemption, caller())


def by_refresh_token(db: Session, client: OAuthClient, jkt: str | None) -> OAuthTokens | GrantRefused:
    secret, requested = request.form.get("refresh_token", ""), request.form.get("scope", "").split()
    return refresh_token.refresh(
        db,
        token_service().limited_to(client),
        client,
        secret,
        requested,
        resource=resource(),
        ip_address=request.remote_addr,
        jkt=jkt,
    )


def by_client(db: Session, client: OAuthClient, jkt: str | None) -> OAuthTokens | GrantRefused:
    requested = request.form.get("scope", "").split()
    return client_credentials.issue_token(
        db, service_for(client), client, requested, caller(), resource=resource(), jkt=jkt
    )


def resource() -> tuple[str, ...]:
    return resources.distinct(request.form.getlist("resource"))


def by_device_code(db: Session, client: OAuthClient, jkt: str | None) -> OAuthTokens | GrantRefused:
    code = request.form.get("device_code", "")
    return device_code.exchange(db, service_for(client), client, code, caller(), resource=resource(), jkt=jkt)


GRANTS: dict[str, Grant] = {
    "authorization_code": by_code,
    "refresh_token": by_refresh_token,
    "client_credentials": by_client,
    device_code.GRANT_TYPE: by_device_code,
}
