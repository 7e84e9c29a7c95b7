"""/account/security/reset: the pending reset of the caller's second factors, and a button that stops it."""

from datetime import datetime

import msgspec
from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.audit.log import Event, record
from webapp.core.translation import _, _l
from webapp.guard import Principal, require
from webapp.mfa import resets
from webapp.mfa.views.blueprint import SECURITY, bp, mfa_hooks
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db


class WaitingReset(msgspec.Struct, frozen=True):
    due_at: datetime
    reason: str


@bp.get("/account/security/reset")
@require(session=True)
def reset_form(principal: Principal) -> ResponseReturnValue:
    found = resets.pending_reset(db(), principal.user_id)
    if found is None:
        raise nothing_waits()
    return render_template("mfa/reset.html", reset=WaitingReset(found.due_at, found.reason))


@bp.post("/account/security/reset")
@require(session=True)
@responds(None, status=204, refuses=(404,))
def stop_reset(principal: Principal) -> ResponseReturnValue:
    """Stop the pending reset of the caller's second factors."""
    if not resets.cancel(db(), principal.user_id):
        raise nothing_waits()
    record(db(), Event.FACTORS_RESET_STOPPED, user_id=principal.user_id)
    mfa_hooks().mail_user(db(), principal.user_id, _l("The reset of your second factors was stopped."))
    return redirect_or_json(url_for(SECURITY), _("The reset was stopped. Your second factors stay as they are."))


def nothing_waits() -> Problem:
    return Problem(
        404, _("No reset is scheduled"), _("It was stopped, has already been carried out, or was never started.")
    )
