"""Ending the login of one browser at one app."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.forward_auth import app_logins
from webapp.forward_auth.views.blueprint import bp
from webapp.guard import Principal, require
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


@bp.post("/account/sessions/apps/<uuid:login_id>/end")
@require(session=True)
@responds(None, status=204)
def end_app_login(principal: Principal, login_id: UUID) -> ResponseReturnValue:
    """Log one browser out of one app. While it is logged in here, it can open the app again."""
    if not app_logins.end(db(), principal.user_id, login_id):
        raise Problem(404, _("Login not found"), _("It has ended, or it is not yours."))
    return redirect_or_json(url_for("sessions.index"), _("The device was logged out of the app."))
