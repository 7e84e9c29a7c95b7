"""/account/password/remove: remove the password of a user with other ways to log in."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import lifecycle
from webapp.accounts.views.blueprint import me
from webapp.core.translation import _, _l
from webapp.guard import Principal
from webapp.login.views.blueprint import bp
from webapp.mfa.views.blueprint import change, login_methods, mfa_hooks
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import db

REMOVED = _l("Your password was removed. You now log in without one.")


@bp.get("/account/password/remove")
@change
def remove_password_form(principal: Principal) -> ResponseReturnValue:
    return render_template("login/remove_password.html", why=login_methods(principal).why_keep_password())


@bp.post("/account/password/remove")
@change
@responds(None, status=204, refuses=(409,))
def remove_password(principal: Principal) -> ResponseReturnValue:
    """Remove the password of a user with two other ways to log in. All other sessions and script logins end."""
    # Locked, so that no other way to log in is removed at the same moment.
    mfa_hooks().lock(db(), principal.user_id)
    if why := login_methods(principal).why_keep_password():
        raise Problem(409, _("Your password can't be removed"), why)
    lifecycle.remove_password(db(), me(principal), keep=principal.credential_id)
    mfa_hooks().mail_user(db(), principal.user_id, REMOVED)
    return redirect_or_json(url_for("account.security"), REMOVED)
