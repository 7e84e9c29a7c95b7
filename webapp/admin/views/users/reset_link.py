"""Send a user a link to set a new password; it is shown only if it cannot be mailed."""

from uuid import UUID

import msgspec
from flask import current_app, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts.views.password_refusals import refuse_password_of
from webapp.admin.forms import ReasonForm
from webapp.admin.views.error_responses import refusals
from webapp.admin.views.permissions import admin_grant
from webapp.admin.views.users.blueprint import admin_action, bp, locked_user
from webapp.admin.views.users.user_actions import form_again
from webapp.core.translation import _
from webapp.guard import Principal
from webapp.web.api_schema import responds
from webapp.web.negotiation import show
from webapp.web.responses import redirect_or_json


class ResetLink(msgspec.Struct, frozen=True, kw_only=True):
    mailed_to: str | None
    link: str | None
    """Only if it could not be mailed, and only in this response."""


@bp.post("/admin/users/<uuid:user_id>/reset-link")
@admin_grant()
@responds(ResetLink, form=ReasonForm, status=201, location=False, refuses=(403, 409, 422))
def send_reset_link(principal: Principal, user_id: UUID) -> ResponseReturnValue:
    """Send a user a link to set a new password. Earlier links stop working. Nothing ends until the link is used."""
    form, user = ReasonForm(), locked_user(user_id)
    if not form.validate_on_submit():
        return form_again(principal, user, "reset-link", form)
    refuse_password_of(user)
    can_mail = current_app.config["CAN_MAIL"] and user.email is not None
    with refusals():
        path = admin_action(principal, form).send_reset_link(user, by_mail=can_mail)
    link = None if can_mail else current_app.config["BASE_URL"] + path
    answer = ResetLink(mailed_to=user.email if can_mail else None, link=link)
    if link is None:
        message = _("A reset link was sent to %(email)s. It works once, for 30 minutes.", email=user.email)
        return redirect_or_json(url_for("admin_users.show", user_id=user.id), message, answer, status=201)
    # No redirect, because the secret is shown only in this response.
    return show(answer, "admin/reset_link.html", status=201, user=user, link=link)
