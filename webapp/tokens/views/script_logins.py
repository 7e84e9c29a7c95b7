"""End script logins."""

from uuid import UUID

from flask import url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard import Principal, require
from webapp.tokens import refresh_families
from webapp.tokens.views.blueprint import bp
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


@bp.post("/tokens/logins/<uuid:login_id>/end")
@require(session=True)
@responds(None, status=204)
def end_script_login(principal: Principal, login_id: UUID) -> ResponseReturnValue:
    """End a script login. Its refresh token and all its access tokens stop working."""
    if not refresh_families.end_own(db(), principal.user_id, login_id):
        raise Problem(404, _("Script login not found"), _("It has already ended or is not yours."))
    return redirect_or_json(url_for("tokens.index"), _("The script was logged out."))
