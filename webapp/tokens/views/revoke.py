"""Revoke one API token, or all of them."""

from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _, _n
from webapp.guard import Principal, require
from webapp.tokens import lifecycle, script_logins, token_list
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import bp, token_by_id
from webapp.web.api_schema import responds
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


class Count(msgspec.Struct, frozen=True):
    revoked: int


@bp.get("/tokens/<uuid:token_id>/revoke")
@require(session=True)
def revoke_form(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    return render_template("tokens/revoke.html", token=token_by_id(principal.user_id, token_id))


@bp.post("/tokens/<uuid:token_id>/revoke")
@require(session=True)
@responds(Token)
def revoke(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """Revoke a token. Its next request gets 401. Revoking it again changes nothing."""
    is_new = lifecycle.revoke(db(), principal.user_id, token_id)
    token = token_by_id(principal.user_id, token_id)
    message = _("%(name)s was already revoked.", name=token.name)
    if is_new:
        message = _("%(name)s was revoked and no longer works.", name=token.name)
    return redirect_or_json(url_for("tokens.index"), message, token)


@bp.get("/tokens/revoke-all")
@require(session=True)
def revoke_all_form(principal: Principal) -> ResponseReturnValue:
    found, logins = (
        token_list.token_page(db(), principal.user_id, is_live=True),
        script_logins.live(db(), principal.user_id),
    )
    count = found.total + len(logins)
    return render_template("tokens/revoke_all.html", tokens=found.tokens, logins=logins, count=count)


@bp.post("/tokens/revoke-all")
@require(session=True)
@responds(Count)
def revoke_all(principal: Principal) -> ResponseReturnValue:
    """Revoke every API token of the caller and end all script logins."""
    count = lifecycle.revoke_all(db(), principal.user_id)
    return redirect_or_json(
        url_for("tokens.index"), _n("%(num)s token was revoked.", "%(num)s tokens were revoked.", count), Count(count)
    )
