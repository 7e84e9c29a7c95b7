"""Where am I logged in; log out there."""

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from webapp.guard import Principal, require
from webapp.sessions import lifecycle
from webapp.web.contract import answers
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.transaction import db

bp = Blueprint("sessions", __name__)

# The door above, by its name.
HOME = "dashboard.show"


@bp.post("/account/sessions/<uuid:session_id>/end")
@require(session=True)
@answers(None, status=204)
def end(principal: Principal, session_id: UUID) -> ResponseReturnValue:
    """End one of the caller's sessions; its next request is refused."""
    if not lifecycle.end(db(), principal.user_id, session_id):
        raise Problem(404, "There is no such session", "It has ended already, or it is not yours.")
    if not wants_page():
        return Response(status=204)
    flash("That session is ended. Its next request is refused.", "ok")
    return redirect(url_for(HOME), 303)
