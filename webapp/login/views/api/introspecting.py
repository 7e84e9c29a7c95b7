"""What a token is worth, told to those who may ask (RFC 7662)."""

from flask import current_app
from flask.typing import ResponseReturnValue

from webapp.guard import Principal, require
from webapp.guard.principal import NotAccepted
from webapp.guard.vouching import vouch
from webapp.login.forms import IntrospectForm
from webapp.login.introspection import INACTIVE, Bearing, Introspection, of_principal, of_refresh, said
from webapp.login.views.api.blueprint import bp, unfit
from webapp.tokens.succession import SHAPE
from webapp.verify import read
from webapp.web.contract import answers
from webapp.web.form import errors_of
from webapp.web.negotiation import as_json
from webapp.web.transaction import database

SEES_ALL = "admin"
TYPES = {True: "DPoP", False: "Bearer"}
# What the row of an access token knows better than the token.
OF_ROWS = ("scope", "exp")


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
        return INACTIVE
    claims = {name: value for name, value in read(token)[1].items() if name not in OF_ROWS}
    return told(principal, bearing, TYPES[bearing.authority.jkt is not None], claims)


def refresh_token(principal: Principal, token: str) -> Introspection:
    with database().read() as db:
        bearing = of_refresh(db, token)
    return told(principal, bearing, "refresh_token", {}) if bearing else INACTIVE


def told(principal: Principal, bearing: Bearing, token_type: str, claims: dict[str, object]) -> Introspection:
    if bearing.user_id != principal.user_id and SEES_ALL not in principal.roles:
        return INACTIVE
    return said(bearing, issuer=current_app.config["BASE_URL"], token_type=token_type, claims=claims)
