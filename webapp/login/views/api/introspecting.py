"""What a token is worth, told to those who may ask (RFC 7662)."""

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask.typing import ResponseReturnValue

from webapp.guard import Principal, require
from webapp.guard.principal import NotAccepted
from webapp.guard.vouching import vouch, vouch_for
from webapp.kernel.jwt import TokenError
from webapp.login.forms import IntrospectForm
from webapp.login.introspection import INACTIVE, Bearing, Introspection, narrowed, of_principal, of_refresh, said
from webapp.login.views.api.blueprint import bp, unfit
from webapp.tokens.exchange import Exchange, made_from
from webapp.tokens.succession import SHAPE
from webapp.verify import read
from webapp.web.contract import answers
from webapp.web.form import errors_of
from webapp.web.negotiation import as_json
from webapp.web.transaction import database

SEES_ALL = "admin"
TYPES = {True: "DPoP", False: "Bearer"}


@bp.post("/api/auth/introspect")
@require(scope="tokens:introspect", cookies=False)
@answers(Introspection, form=IntrospectForm)
def introspect(principal: Principal) -> ResponseReturnValue:
    """Say what a token is worth now: whether it stands, whose it is, and what it may.

    Of one's own tokens, and with the role admin of everybody's; any other is told as inactive, as is one that does not
    stand. Where a token is bound to a network, an address or a method, that is left to the house itself to judge. To be
    asked about is no use of a token.
    """
    form = IntrospectForm()
    if not form.validate_on_submit():
        raise unfit(errors_of(form))
    token = form.token.data or ""
    return as_json(refresh_token(principal, token) if SHAPE.fullmatch(token) else access_token(principal, token))


def access_token(principal: Principal, token: str) -> Introspection:
    try:
        bearing = of_principal(vouch(token))
    except NotAccepted:
        return exchanged_token(principal, token)
    return told(principal, bearing, TYPES[bearing.authority.jkt is not None], read(token)[1])


def exchanged_token(principal: Principal, token: str) -> Introspection:
    """One for another service stands as long as the one that it was made from."""
    exchanger: Exchange = current_app.extensions["exchange"]
    try:
        claims = exchanger.read(token)
        bearing = of_principal(vouch_for(made_from(claims)))
    except (TokenError, NotAccepted):
        return INACTIVE
    return told(principal, narrowed(bearing, claims), TYPES[bearing.authority.jkt is not None], claims)


def refresh_token(principal: Principal, token: str) -> Introspection:
    with database().read() as db:
        bearing = of_refresh(db, token)
    return told(principal, bearing, "refresh_token", {}) if bearing else INACTIVE


def told(principal: Principal, bearing: Bearing, token_type: str, claims: Mapping[str, Any]) -> Introspection:
    if bearing.user_id != principal.user_id and SEES_ALL not in principal.roles:
        return INACTIVE
    return said(bearing, issuer=current_app.config["BASE_URL"], token_type=token_type, claims=claims)
