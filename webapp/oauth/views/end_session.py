"""/oauth/end-session: log out because an app asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

from uuid import UUID

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from webapp.core.id_token_keys import IdTokenKeys
from webapp.core.translation import _
from webapp.credentials import sids
from webapp.guard import Principal, login_manager, public, require
from webapp.guard.require import public_to_scripts
from webapp.login.views.external_redirect import redirect_externally
from webapp.oauth.client_errors import without_values
from webapp.oauth.logout import LogoutRefused, LogoutRequest, checked
from webapp.oauth.views.authorize import logged_in
from webapp.oauth.views.blueprint import bp, issuer
from webapp.oauth.views.error_notes import note_error
from webapp.oauth.views.parameters import form_as_query, parameters
from webapp.sessions import cookie, lifecycle
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import database, db


@bp.get("/oauth/end-session")
@public
@reads(others=True)
def end_session() -> ResponseReturnValue:
    """Log out. Asks first, unless the app shows an ID token of this very session."""
    query = request.query_string.decode("ascii", "replace")
    logout, principal = logout_request(query), logged_in()
    if principal is None:
        return afterwards(logout)
    if logout.session_id is None or logout.session_id != own_sid(principal):
        return make_response(render_template("oauth/end_session.html", app=logout.client, request_query=query))
    with database().write() as writing:
        end(writing, principal)
    return afterwards(logout)


@bp.post("/oauth/end-session")
@public_to_scripts
@reads(others=True)
def end_session_by_form() -> ResponseReturnValue:
    """The same request as a form (§2). A form of another site brings no cookie."""
    return form_as_query("oauth.end_session")


@bp.post("/oauth/end-session/confirm")
@require(session=True, spares_level=True, spares_closed=True)
@reads(fields=("request",))
def confirm_end(principal: Principal) -> ResponseReturnValue:
    """Log out after the user has confirmed it."""
    logout = logout_request(request.form.get("request", ""))
    end(db(), principal)
    return afterwards(logout)


def own_sid(principal: Principal) -> UUID | None:
    with database().read() as reading:
        return sids.sid_of(reading, principal.credential_id)


def logout_request(query: str) -> LogoutRequest:
    try:
        with database().read() as reading:
            return checked(reading, parameters(query), issuer=issuer(), keys=service(IdTokenKeys))
    except LogoutRefused as error:
        if error.client_id is not None:
            note_error(error.client_id, "logout_uri", without_values(error.redirect_uri))
        detail = _("%(reason)s You are still logged in here, if you were.", reason=error)
        raise Problem(400, _("The app's request is not valid"), detail, extra={"error": "invalid_request"}) from error


def end(writing: Session, principal: Principal) -> None:
    lifecycle.end(writing, principal.user_id, principal.credential_id, way="logout")
    login_manager.log_out()
    cookie.clear(writing, principal.user_id)


def afterwards(logout: LogoutRequest) -> ResponseReturnValue:
    return redirect_externally(logout.next_url) if logout.next_url else redirect(url_for("login.new"), 303)
