"""Rotate an API token: by its owner on a page, or by the token itself."""

from uuid import UUID

from flask import current_app, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.credentials.lifecycle import AuthenticationProof
from webapp.guard import Principal, require
from webapp.tokens import rotation
from webapp.tokens.forms import RotateForm
from webapp.tokens.rotation import NotRotatable, RotatedToken, RotationOptions
from webapp.tokens.views.blueprint import FRESH, bp, issuer, policy, refuse_unless_strong, tell_owner, token_by_id
from webapp.tokens.views.create import NewToken, answer_of, as_secret, reveal
from webapp.tokens.views.token_pages import own_pages
from webapp.web.api_schema import responds
from webapp.web.negotiation import as_json
from webapp.web.problems import Action, Problem
from webapp.web.responses import refuse_form
from webapp.web.transaction import db


@bp.get("/tokens/<uuid:token_id>/rotate")
@require(session=True, fresh_within=FRESH)
def rotate_form(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    return rotate_page(RotateForm(), principal, token_id)


@bp.post("/tokens/<uuid:token_id>/rotate")
@require(session=True, fresh_within=FRESH)
@responds(NewToken, form=RotateForm, status=201, refuses=(409, 422))
def rotate(principal: Principal, token_id: UUID) -> ResponseReturnValue:
    """Replace a token by a new one with the same permissions. Both work until the overlap ends."""
    token = token_by_id(principal.user_id, token_id)
    if (step_up := refuse_unless_strong(principal, token.scopes)) is not None:
        return step_up
    form = RotateForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: rotate_page(form, principal, token_id))
    proof = AuthenticationProof(principal.auth_time, principal.amr)
    rotated = rotated_by(principal.user_id, token_id, rotation_options(form, "owner", proof))
    return reveal(rotated.issued, own_pages(principal), former=token_by_id(principal.user_id, token_id))


@bp.post("/tokens/self/rotate")
@require(scope="self:rotate")
@responds(NewToken, form=RotateForm, status=201, refuses=(403, 409, 422))
def rotate_self(principal: Principal) -> ResponseReturnValue:
    """Replace the token that makes the request. Store the new one before the overlap ends.

    If the response was lost, send the request again with the old token: it returns the same new token until that is
    used, and for 30 seconds after the rotation also if it was used (`WEBAPP_REFRESH_OVERLAP`).
    """
    if principal.credential != "token":
        detail = _("The request must be sent with the token that is to be rotated.")
        raise Problem(403, _("Only a token can do this"), detail)
    form = RotateForm()
    if not form.validate_on_submit():
        raise form.refused()
    rotated = rotated_by(principal.user_id, principal.credential_id, rotation_options(form, "self", None))
    location = url_for("tokens.show", token_id=rotated.issued.entry.id)
    return as_secret(as_json(answer_of(rotated.issued), status=201), location)


def rotation_options(form: RotateForm, origin: str, proof: AuthenticationProof | None) -> RotationOptions:
    window = current_app.config["REFRESH_OVERLAP"]
    return RotationOptions(overlap=form.length, origin=origin, proof=proof, retry_window=window, **policy())


def rotated_by(user_id: UUID, token_id: UUID, options: RotationOptions) -> RotatedToken:
    try:
        rotated = rotation.rotate(db(), issuer(), user_id, token_id, options)
    except NotRotatable as error:
        raise Problem(409, _("This token can't be rotated"), str(error), actions=way_out(error)) from error
    if not rotated.is_repeat:
        tell_owner("token_rotated", rotated.former, origin=options.origin, successor_id=rotated.issued.entry.id)
    return rotated


def way_out(error: NotRotatable) -> list[Action]:
    if error.successor_id is None:
        return [Action(_("Create a new token"), url_for("tokens.new"))]
    return [Action(_("View the new token"), url_for("tokens.show", token_id=error.successor_id))]


def rotate_page(form: RotateForm, principal: Principal, token_id: UUID) -> str:
    token = token_by_id(principal.user_id, token_id)
    return render_template("tokens/rotate.html", form=form, token=token)
