"""/login/passkey: log in with a passkey alone, which identifies and authenticates its user."""

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts import user_queries
from webapp.guard import public
from webapp.login.forms import LoginForm, PasskeyLoginForm
from webapp.login.views.blueprint import bp
from webapp.login.views.login import LoggedIn, begin_session, login_page, verify_first
from webapp.login.views.login_errors import COOKIES_BLOCKED, credentials_invalid, sends_cookies
from webapp.login.views.proof_forms import WRONG_PASSKEY, by_passkey
from webapp.mfa.views.passkey_options import PasskeyOptions, RpIdQuery, request_options
from webapp.web.api_schema import responds
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.responses import refuse_form
from webapp.web.transaction import database

PURPOSE = "login"


@bp.get("/login/passkey")
@public
@responds(PasskeyOptions, query=RpIdQuery, refuses=(404,))
def passkey_options() -> ResponseReturnValue:
    """WebAuthn options for any passkey of this site. The challenge is in the cookie of the response."""
    return request_options(PURPOSE)


@bp.post("/login/passkey")
@public
@responds(LoggedIn, form=PasskeyLoginForm, refuses=(401, 422, 429))
def enter_by_passkey() -> ResponseReturnValue:
    """Log in with a passkey, without name and password."""
    form = PasskeyLoginForm()
    target = safe_path(form.next.data)
    if not form.validate_on_submit():
        return form_again(form, target)
    proven = by_passkey(form.response, PURPOSE)
    with database().read() as db:
        user = user_queries.by_id(db, proven.user_id) if proven else None
    if proven is None or user is None or user.disabled_at is not None or user.is_service:
        form.response.errors = form.response.errors or [WRONG_PASSKEY]
        return form_again(form, target, credentials_invalid())
    if user.is_unverified:
        return verify_first(user)
    return begin_session(user, target, amr=proven.amr, is_remembered=form.remember.data)


def form_again(form: PasskeyLoginForm, target: str | None, problem: Problem | None = None) -> ResponseReturnValue:
    if wants_page() and current_user.is_authenticated:
        # Logged in meanwhile, in another tab, which took the challenge with it.
        return redirect(target or url_for("dashboard.show"), 303)
    login_form = LoginForm(formdata=None, data={"next": target or "", "remember": form.remember.data})
    login_form.form_errors = list(form.response.errors) if sends_cookies() else [COOKIES_BLOCKED]
    return refuse_form(form, lambda: login_page(login_form, target), problem=problem)
