"""Ending one session, API token or script login of a user, after a page that shows which."""

from uuid import UUID

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import admin_actions, admin_credentials, roles
from webapp.accounts.admin_credentials import CredentialEnded, Kind, LiveCredential
from webapp.accounts.models import User
from webapp.admin.forms import ReasonForm
from webapp.admin.user_details import UserSummary, summaries
from webapp.admin.views.error_responses import outranked, refusals
from webapp.admin.views.permissions import admin_change, admin_form
from webapp.admin.views.users.blueprint import admin_action, bp, locked_user, user_of
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import db

# By the segment of the URL path.
KINDS: dict[str, Kind] = {"sessions": "session", "tokens": "token", "script-logins": "script_login"}


@bp.get("/admin/users/<uuid:user_id>/<kind>/<uuid:credential_id>/end")
@admin_form()
def end_credential_form(principal: Principal, user_id: UUID, kind: str, credential_id: UUID) -> ResponseReturnValue:
    user = user_of(user_id)
    if not admin_actions.may_act_on(principal.roles, roles.included_in(db(), user.role)):
        raise outranked(user.username)
    return credential_page(user, live_credential(user, kind, credential_id), ReasonForm(formdata=None))


@bp.post("/admin/users/<uuid:user_id>/<kind>/<uuid:credential_id>/end")
@admin_change()
@responds(UserSummary, form=ReasonForm, refuses=(404, 409, 422))
def end_credential(principal: Principal, user_id: UUID, kind: str, credential_id: UUID) -> ResponseReturnValue:
    """End one session, API token or script login of a user; `kind` is `sessions`, `tokens` or `script-logins`."""
    user, form = locked_user(user_id), ReasonForm()
    action = admin_action(principal, form)
    with refusals():
        action.check_target(user)
    found = live_credential(user, kind, credential_id)
    if not form.validate_on_submit():
        return refuse_form(form, lambda: credential_page(user, found, form))
    with refusals():
        try:
            admin_credentials.end(action, user, found)
        except CredentialEnded as error:
            raise ended() from error
    message = _("%(name)s of %(username)s was ended.", name=found.name, username=user.username)
    return redirect_or_json(url_for("admin_users.show", user_id=user.id), message, summaries(db(), [user])[0])


def live_credential(user: User, kind: str, credential_id: UUID) -> LiveCredential:
    if kind not in KINDS:
        abort(404)
    try:
        return admin_credentials.find(db(), user.id, KINDS[kind], credential_id)
    except CredentialEnded as error:
        raise ended() from error


def credential_page(user: User, found: LiveCredential, form: ReasonForm) -> str:
    return render_template("admin/end_credential.html", user=user, found=found, form=form, action=request.path)


def ended() -> Problem:
    return Problem(404, _("Not found"), _("It has already ended, or it does not belong to this user."))
