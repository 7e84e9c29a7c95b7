"""/api/auth/revoke: token revocation (RFC 7009). The token itself is the only credential."""

from uuid import UUID

from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.core.jwt import TokenError
from webapp.guard.form_token import require_sole_credential
from webapp.guard.principal import NotAccepted
from webapp.guard.require import public_to_scripts
from webapp.guard.token_validation import authenticators, validate_credential
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.views.api.blueprint import bp, form_problem
from webapp.login.views.api.forms import RevokeForm
from webapp.login.views.login_errors import throttled
from webapp.tokens import exchange_revocation, lifecycle, refresh_families, refreshing, resource_tokens
from webapp.tokens.exchange import TokenExchange, parent_token
from webapp.tokens.refresh_secret import SHAPE
from webapp.web.api_schema import responds
from webapp.web.form import errors_of
from webapp.web.registry import service
from webapp.web.transaction import database

HOLDER = "holder"


@bp.post("/api/auth/revoke")
@public_to_scripts
@responds(None, form=RevokeForm, refuses=(429,))
def revoke() -> ResponseReturnValue:
    """Revoke a token: an access token, or a refresh token with everything that was issued at its login.

    Revoking an exchanged token does not revoke the API token it was made from. Introspection reports it as inactive at
    once; services that verify offline accept it until it expires. The response is the same if the token was unknown or
    had ended before (RFC 7009 §2.2).
    """
    form = RevokeForm()
    if not form.validate_on_submit():
        raise form_problem(errors_of(form))
    require_sole_credential(form.token.data or "")
    invalid_token_limit = service(InvalidTokenLimit)
    if too_many := invalid_token_limit.too_many(request.remote_addr):
        raise throttled(too_many.retry_after)
    token = form.token.data or ""
    if not (end_login(token) if SHAPE.fullmatch(token) else end_access(token)):
        invalid_token_limit.count(request.remote_addr)
    return Response(status=200)


def end_login(token: str) -> bool:
    with database().write() as db:
        found = refreshing.find(db, token)
        return found is not None and refresh_families.end(db, found.family_id, origin=HOLDER)


def end_access(token: str) -> bool:
    try:
        token_id = UUID(authenticators().by_token(token).key)
    except NotAccepted:
        return end_for_service(token)
    with database().write() as db:
        owner_id = lifecycle.owner_of(db, token_id)
        return owner_id is not None and lifecycle.revoke(db, owner_id, token_id, origin=HOLDER)


def end_for_service(token: str) -> bool:
    """Revoke a token for another service: that of an app, or an exchanged one."""
    try:
        principal = resource_tokens.of_other_service(token)
    except NotAccepted:
        return end_exchanged(token)
    with database().write() as db:
        return lifecycle.revoke(db, principal.user_id, principal.credential_id, origin=HOLDER)


def end_exchanged(token: str) -> bool:
    """Revoke an exchanged token; its API token stays. Returns False if it is none, or was revoked before."""
    exchanger = service(TokenExchange)
    try:
        claims = exchanger.read(token)
        parent_id = validate_credential(parent_token(claims)).credential_id
    except (TokenError, NotAccepted):
        return False
    with database().write() as db:
        return exchange_revocation.revoke(db, claims, parent_id, origin=HOLDER)
