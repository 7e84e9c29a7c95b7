"""/verify: verify an e-mail address with the mailed link and the chosen password."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import self_registration
from webapp.accounts.forms import VerifyForm
from webapp.accounts.mail_requests import VerificationByMail
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.self_registration import SIGN_UP, Verification
from webapp.accounts.views import link_secret
from webapp.accounts.views.first_login import log_in
from webapp.accounts.views.password_refusals import may_use_password, passwords_off
from webapp.accounts.views.request_info import (
    REQUESTED,
    TRIED,
    answer_by_mail,
    current_requester,
    enforce_limit,
    link_problem,
    passwords,
)
from webapp.core.translation import _
from webapp.guard import public
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.negotiation import wants_page
from webapp.web.problems import Action, Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

bp = Blueprint("verification", __name__)

# An endpoint of a higher layer, which stores in the session who entered the right password of an unverified account.
LOGIN = "login.new"
WAITING = "unverified"


@bp.get("/verify/<secret>")
@public
def open_link(secret: str) -> ResponseReturnValue:
    verification_of(secret)
    link_secret.remember(SIGN_UP, secret)
    return redirect(url_for("verification.show"), 303)


@bp.get("/verify")
@public
def show() -> ResponseReturnValue:
    secret = link_secret.opened(SIGN_UP)
    return verification_page(VerifyForm(formdata=None, data={"link": secret}), verification_of(secret))


@bp.post("/verify")
@public
@responds(None, form=VerifyForm, status=204, refuses=(403, 404, 422, 429))
def verify() -> ResponseReturnValue:
    """Verify the e-mail address, with the link that was opened with this cookie.

    The password is required because somebody else may have registered with this e-mail address.
    """
    form, secret = VerifyForm(), link_secret.opened(SIGN_UP)
    found = verification_of(secret)
    if not form.validate_on_submit():
        return form_again(form, found)
    enforce_limit(TRIED, f"user:{found.user_id}")
    if not passwords().verify(form.password.data or "", found.password_hash):
        form.password.errors = [_("Wrong password. Try again, or set a new one.")]
        return form_again(form, found)
    try:
        user = self_registration.verify(db(), secret)
    except LinkDead as error:
        raise dead_link() from error
    link_secret.drop(SIGN_UP)
    session.pop(WAITING, None)
    if not wants_page():
        return Response(status=204)
    return log_in(user, _("Your e-mail address is verified.") if user.email_verified_at else _("You can log in now."))


@bp.get("/verify/again")
@public
def ask_again() -> ResponseReturnValue:
    return render_template("accounts/unverified.html", is_known=WAITING in session)


@bp.post("/verify/again")
@public
@responds(None, status=202, refuses=(404, 429))
def again() -> ResponseReturnValue:
    """Send the link again, after a login with the right password of an unverified account."""
    user_id = session.get(WAITING)
    if not isinstance(user_id, str):
        raise Problem(404, _("Nothing to send"), _("Log in first. Then you can have the link sent again."))
    enforce_limit(REQUESTED)
    answer_by_mail(VerificationByMail(current_requester(), UUID(user_id)))
    return redirect_or_json(url_for("verification.ask_again"), _("The mail was sent again."), status=202)


def form_again(form: Form, found: Verification) -> ResponseReturnValue:
    return refuse_form(form, lambda: verification_page(form, found))


def verification_page(form: Form, found: Verification) -> str:
    return render_template("accounts/verify.html", form=form, username=found.username)


def verification_of(secret: str) -> Verification:
    try:
        with database().read() as reading:
            found = self_registration.pending_verification(reading, secret)
    except LinkDead as error:
        raise dead_link() from error
    if not may_use_password(found.role):
        raise passwords_off()
    return found


def dead_link() -> Problem:
    problem = link_problem(
        _("It was already used, or it has expired. If your e-mail address is already verified, log in.")
    )
    problem.actions = (Action(_("Log in"), url_for(LOGIN)),)
    return problem
