"""/login/second-step: a code or a passkey after the right password."""

from typing import Any

from flask import current_app, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts.models import User
from webapp.core.translation import _l
from webapp.guard import public
from webapp.guard.assurance import RECOVERY, Level
from webapp.login.forms import SecondStepForm
from webapp.login.second_step import SecondFactorRequired
from webapp.login.views import pending_cookie
from webapp.login.views.blueprint import bp, second_step
from webapp.login.views.login import LoggedIn, begin_session
from webapp.login.views.login_errors import credentials_invalid
from webapp.login.views.proof_forms import by_code, by_passkey
from webapp.mfa import passkeys
from webapp.mfa.views.passkey_options import PasskeyOptions, RpIdQuery, request_options, rp_ids
from webapp.web.api_schema import responds
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.redirects import safe_path
from webapp.web.responses import refuse_form
from webapp.web.transaction import database

PURPOSE = "second step"
LOST = _l(
    "You used a recovery code. If you lost your phone or a passkey, remove it under Account, Security. Until then, "
    "it can still be used to log in."
)


@bp.get("/login/second-step")
@public
def second_step_form() -> ResponseReturnValue:
    found = pending_cookie.pending_login_and_user()
    if found is None:
        return pending_cookie.begin_again()
    pending, user = found
    return second_step_page(user, SecondStepForm(formdata=None, data={"next": pending.next or ""}))


@bp.get("/login/second-step/passkey")
@public
@responds(PasskeyOptions, query=RpIdQuery, refuses=(401, 404))
def second_step_options() -> ResponseReturnValue:
    """WebAuthn options for the user whose password was right."""
    found = pending_cookie.pending_login_and_user()
    if found is None:
        return pending_cookie.begin_again()
    with database().read() as db:
        return request_options(PURPOSE, passkeys.for_options(db, found[1].id))


@bp.post("/login/second-step")
@public
@responds(LoggedIn, form=SecondStepForm, refuses=(401, 422, 429))
def take_second_step() -> ResponseReturnValue:
    """Finish a login within five minutes after the right password. The cookie of the pending login stops working."""
    form, found = SecondStepForm(), pending_cookie.pending_login_and_user()
    target = safe_path(form.next.data)
    if found is None:
        return pending_cookie.begin_again(target)
    pending, user = found
    if not form.validate_on_submit():
        return form_again(form, user)
    proven = by_passkey(form.response, PURPOSE, owner=user.id) if form.response.data else by_code(form.code, user)
    if proven is None:
        return form_again(form, user, credentials_invalid())
    if not second_step().finish(pending):
        return pending_cookie.begin_again(target)
    target, is_by_recovery_code = target or pending.next, RECOVERY in proven.amr.split()
    if is_by_recovery_code and target is None:
        target = url_for("account.security")
    response = begin_session(
        user,
        target,
        amr=f"{pending.amr} {proven.amr}",
        is_remembered=pending.is_remembered,
        is_to_trust=form.trust.data and may_trust(user),
    )
    if is_by_recovery_code and wants_page():
        flash(str(LOST), "warn")
    return response


def form_again(form: SecondStepForm, user: User, problem: Problem | None = None) -> ResponseReturnValue:
    return refuse_form(form, lambda: second_step_page(user, form), problem=problem)


def second_step_page(user: User, form: SecondStepForm) -> str:
    step = second_step().after(user)
    with database().read() as db:
        hosts = rp_ids(passkeys.for_options(db, user.id))
    facts: dict[str, Any] = {
        "form": form,
        "user": user,
        "factors": step.factors if isinstance(step, SecondFactorRequired) else None,
        "passkey_hosts": hosts,
        "trust_days": current_app.config["TRUST_LIFETIME"].days if may_trust(user) else None,
    }
    return render_template("login/second_step.html", **facts)


def may_trust(user: User) -> bool:
    """Whether the browser can be trusted: not if the role of the user requires a second factor."""
    return bool(current_app.config["TRUST_BROWSERS"]) and second_step().demanded(user) is Level.ONE
