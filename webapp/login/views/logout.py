"""/logout: end the session."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard import Principal, login_manager, require
from webapp.login.views import pending_cookie
from webapp.login.views.blueprint import bp
from webapp.login.views.login_page import stay
from webapp.sessions import cookie, lifecycle
from webapp.web import token_cookie
from webapp.web.api_schema import responds
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


@bp.get("/logout")
@require(session=True, spares_level=True, spares_closed=True)
def leave() -> ResponseReturnValue:
    return render_template("login/logout.html")


@bp.post("/logout")
@require(session=True, spares_level=True, spares_closed=True)
@responds(None, status=204)
def end(principal: Principal) -> ResponseReturnValue:
    """End the session. Every copy of its cookie stops working."""
    # First, because it has a transaction of its own.
    pending_cookie.forget()
    lifecycle.end(db(), principal.user_id, principal.credential_id, way="logout")
    login_manager.log_out()
    cookie.clear(db(), principal.user_id)
    token_cookie.delete_after_request()
    response = redirect_or_json(url_for("login.new", stay=stay()), _("You are logged out."))
    # So that the browser shows no page from its cache afterwards.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
