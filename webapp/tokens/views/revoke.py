"""Revoke one API token, or all of them."""

from uuid import UUID

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _, _n, listed
from webapp.credentials.live_counts import live_counts_of
from webapp.guard import Principal, require
from webapp.tokens import lifecycle, token_list
from webapp.tokens.token_list import Token
from webapp.tokens.views.blueprint import bp, token_by_id
from webapp.web.api_schema import responds
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


class RevokedCount(msgspec.Struct, frozen=True, kw_only=True):
    revoked: int
    """All of them."""
    script_logins: int
    """Each with its access and refresh tokens."""
    tokens: int
    """API tokens."""


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
    found = token_list.token_page(db(), principal.user_id, is_live=True)
    counts = live_counts_of(db(), principal.user_id)
    return render_template("tokens/revoke_all.html", tokens=found.tokens, counts=counts)


@bp.post("/tokens/revoke-all")
@require(session=True)
@responds(RevokedCount)
def revoke_all(principal: Principal) -> ResponseReturnValue:
    """Revoke every API token of the caller and end all script logins."""
    ended = lifecycle.revoke_all(db(), principal.user_id)
    counts = [_n("%(num)s API token", "%(num)s API tokens", ended.tokens)]
    if ended.script_logins:
        counts.append(_n("%(num)s script login", "%(num)s script logins", ended.script_logins))
    answer = RevokedCount(
        revoked=ended.tokens + ended.script_logins, tokens=ended.tokens, script_logins=ended.script_logins
    )
    return redirect_or_json(url_for("tokens.index"), _("Revoked: %(things)s.", things=listed(counts)), answer)
