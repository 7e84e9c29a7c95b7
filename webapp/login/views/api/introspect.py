"""/api/auth/introspect: token introspection (RFC 7662)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from flask.typing import ResponseReturnValue

from webapp.core.jwt import TokenError
from webapp.guard import Principal, require
from webapp.guard.dry_run import rules_at
from webapp.guard.principal import NotAccepted
from webapp.guard.token_validation import validate_credential
from webapp.login.introspection import (
    INACTIVE,
    Introspection,
    StatedCall,
    TokenBearer,
    excludes,
    introspection_response,
    narrowed,
    of_principal,
    of_refresh,
)
from webapp.login.views.api.blueprint import bp, form_problem
from webapp.login.views.api.forms import IntrospectForm
from webapp.tokens import resource_tokens
from webapp.tokens.exchange import TokenExchange, parent_token
from webapp.tokens.exchange_revocation import is_revoked
from webapp.tokens.refresh_secret import SHAPE
from webapp.verify import read
from webapp.web.api_schema import responds
from webapp.web.form import errors_of
from webapp.web.negotiation import as_json
from webapp.web.registry import service
from webapp.web.transaction import database

SEES_ALL = "admin"
TYPES = {True: "DPoP", False: "Bearer"}


@bp.post("/api/auth/introspect")
@require(scope="tokens:introspect", cookies=False)
@responds(Introspection, form=IntrospectForm)
def introspect(principal: Principal) -> ResponseReturnValue:
    """Whether a token is active now, whose it is, and what it may do.

    For the caller's own tokens, or for all tokens with the role admin. Any other token is reported as inactive.
    `restrictions` lists the networks, methods, paths and rate that the token is limited to. If you send the request
    that you received (`method`, `path`, `ip_address`), a token whose restrictions exclude it is reported as inactive.
    Introspection does not count as a use of the token.
    """
    form = IntrospectForm()
    if not form.validate_on_submit():
        raise form_problem(errors_of(form))
    token, caller = form.token.data or "", IntrospectionCaller(principal, stated(form))
    return as_json(refresh_token(caller, token) if SHAPE.fullmatch(token) else access_token(caller, token))


@dataclass(frozen=True, slots=True)
class IntrospectionCaller:
    """The principal that introspects, and the request that it received."""

    principal: Principal
    call: StatedCall


def stated(form: IntrospectForm) -> StatedCall:
    method, path = form.method.data or None, (form.path.data or "").partition("?")[0]
    return StatedCall(method, rules_at(path, method) if path else None, form.ip_address.data or None)


def access_token(caller: IntrospectionCaller, token: str) -> Introspection:
    try:
        bearer = of_principal(resource_tokens.validated(token))
    except NotAccepted:
        return exchanged_token(caller, token)
    return introspection_of(caller, bearer, TYPES[bearer.grant.jkt is not None], read(token)[1])


def exchanged_token(caller: IntrospectionCaller, token: str) -> Introspection:
    """An exchanged token is active as long as the token it was made from, unless it was revoked itself."""
    exchanger = service(TokenExchange)
    try:
        claims = exchanger.read(token)
        bearer = of_principal(validate_credential(parent_token(claims)))
    except (TokenError, NotAccepted):
        return INACTIVE
    with database().read() as db:
        if is_revoked(db, claims):
            return INACTIVE
    return introspection_of(caller, narrowed(bearer, claims), TYPES[bearer.grant.jkt is not None], claims)


def refresh_token(caller: IntrospectionCaller, token: str) -> Introspection:
    with database().read() as db:
        bearer = of_refresh(db, token)
    return introspection_of(caller, bearer, "refresh_token", {}) if bearer else INACTIVE


def introspection_of(
    caller: IntrospectionCaller, bearer: TokenBearer, token_type: str, claims: Mapping[str, Any]
) -> Introspection:
    is_own = bearer.user_id == caller.principal.user_id
    if not is_own and SEES_ALL not in caller.principal.roles:
        return INACTIVE
    if excludes(bearer.grant, caller.call):
        return INACTIVE
    return introspection_response(bearer, issuer=current_app.config["BASE_URL"], token_type=token_type, claims=claims)
