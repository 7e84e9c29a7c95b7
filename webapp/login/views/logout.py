"""/logout: end the session."""

from flask import Response, make_response, render_template, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.translation import _
from webapp.guard import Principal, login_manager, require
from webapp.login.views import pending_cookie
from webapp.login.views.blueprint import bp
from webapp.login.views.hooks import LogoutStep, NextLogoutStep
from webapp.login.views.login_page import stay
from webapp.sessions import cookie, lifecycle
from webapp.web import token_cookie
from webapp.web.api_schema import responds
from webapp.web.negotiation import wants_page
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db

LEFT_WITH = "logout_state"
"""Key of the session cookie."""


@bp.get("/logout")
@require(session=True, spares_level=True, spares_closed=True)
def leave() -> ResponseReturnValue:
    return render_template("login/logout.html")


@bp.post("/logout")
@require(session=True, spares_level=True, spares_closed=True)
@responds(None, status=204)
def end(principal: Principal) -> ResponseReturnValue:
    """End the session. Every copy of its cookie stops working."""
    # First, because it may send a request, and forgetting a pending login has a transaction of its own.
    step = service(NextLogoutStep)(principal.credential_id) if wants_page() else None
    pending_cookie.forget()
    lifecycle.end(db(), principal.user_id, principal.credential_id, way="logout")
    login_manager.log_out()
    cookie.clear(db(), principal.user_id)
    token_cookie.delete_after_request()
    login_url = url_for("login.new", stay=stay())
    response = continued(step) if step else redirect_or_json(login_url, _("You are logged out."))
    # So that the browser shows no page from its cache afterwards.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def continued(step: LogoutStep) -> Response:
    """Lead to the identity provider, to log out there too."""
    session[LEFT_WITH] = step.state
    return make_response(
        render_template("login/external_redirect.html", site=step.provider, url=step.url, is_logout=True)
    )
