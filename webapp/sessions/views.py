"""/account/sessions: list sessions and trusted browsers, end them, and extend the current session."""

from datetime import datetime
from uuid import UUID

import msgspec
from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from wtforms import HiddenField

from webapp.core.clock import now
from webapp.core.translation import _, _n
from webapp.guard import Principal, require
from webapp.sessions import lifecycle, trusted_browsers
from webapp.sessions.expiry_notice import SessionExpiry, end_of
from webapp.sessions.lifecycle import SessionLifetimes
from webapp.sessions.session_list import list_sessions
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db

bp = Blueprint("sessions", __name__)

# An endpoint of a higher layer.
LOGIN = "login.new"


class EndedSessions(msgspec.Struct, frozen=True):
    ended: int


class ExtendedSession(msgspec.Struct, frozen=True):
    ends_at: datetime
    """Unless the session is used before, or confirmed if `takes_proof` is true."""
    takes_proof: bool


class StayForm(Form):
    next = HiddenField(description="Where to go afterwards: a path on this site.")


@bp.post("/account/sessions/<uuid:session_id>/end")
@require(session=True)
@responds(None, status=204)
def end(principal: Principal, session_id: UUID) -> ResponseReturnValue:
    """End one of the caller's sessions. Its next request gets 401."""
    if not lifecycle.end(db(), principal.user_id, session_id):
        raise Problem(404, _("Session not found"), _("It has ended, or it is not yours."))
    return redirect_or_json(url_for("sessions.index"), _("The device was logged out."))


@bp.post("/account/sessions/trusted/<uuid:trust_id>/end")
@require(session=True)
@responds(None, status=204)
def distrust(principal: Principal, trust_id: UUID) -> ResponseReturnValue:
    """Stop trusting a browser. Its next login requires a second factor again."""
    if not trusted_browsers.end(db(), principal.user_id, trust_id):
        raise Problem(404, _("Browser not found"), _("It is no longer trusted, or it is not yours."))
    return redirect_or_json(url_for("sessions.index"), _("The browser is no longer trusted."))


@bp.get("/account/sessions/end-others")
@require(session=True)
def end_others_form(principal: Principal) -> ResponseReturnValue:
    found = [device for device in list_sessions(db(), principal) if not device.is_current]
    return render_template("sessions/end_others.html", sessions=found)


@bp.post("/account/sessions/end-others")
@require(session=True)
@responds(EndedSessions)
def end_others(principal: Principal) -> ResponseReturnValue:
    """End every session of the caller except the current one."""
    count = lifecycle.end_others(db(), principal.user_id, keep=principal.credential_id)
    message = _n("Logged out on %(num)s other device.", "Logged out on %(num)s other devices.", count)
    return redirect_or_json(
        url_for("sessions.index"), message if count else _("No other device was logged in."), EndedSessions(count)
    )


@bp.get("/account/sessions/ending")
@require(session=True)
@reads("next")
def ending(principal: Principal) -> ResponseReturnValue:
    found, target = current_session_expiry(principal), safe_path(request.args.get("next"))
    response = make_response(render_template("sessions/ending.html", end=found, next=target or ""))
    # Without JavaScript the page cannot notice the end, so it reloads right after it and gets the login page.
    seconds = int((found.at - now()).total_seconds()) + 61
    response.headers["Refresh"] = f"{seconds}; url={url_for(LOGIN, ended=1, next=target)}"
    return response


@bp.post("/account/sessions/stay")
@require(session=True)
@responds(ExtendedSession, form=StayForm)
def stay(principal: Principal) -> ResponseReturnValue:
    """Extend the idle timeout of the current session."""
    form, found = StayForm(), current_session_expiry(principal)
    if not form.validate_on_submit():
        raise form.refused()
    return redirect_or_json(
        safe_path(form.next.data) or url_for("sessions.index"), answer=ExtendedSession(found.at, found.takes_proof)
    )


def session_end() -> SessionExpiry | None:
    """The end of the current session, for the notice on every page."""
    principal: Principal = current_user
    return (
        current_session_expiry(principal) if principal.is_authenticated and principal.credential == "session" else None
    )


def current_session_expiry(principal: Principal) -> SessionExpiry:
    ends = service(SessionLifetimes)
    return end_of(principal, ends.idle, now())
