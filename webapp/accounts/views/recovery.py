"""/forgot and /reset: request a link, and set a new password with it."""

import msgspec
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from webapp.accounts import known_networks, recovery
from webapp.accounts.forms import ForgotForm, ResetForm
from webapp.accounts.mail_requests import RecoveryByMail
from webapp.accounts.models import User
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.recovery import RESET
from webapp.accounts.views import link_secret
from webapp.accounts.views.password_refusals import refuse_password_of, refuse_without_passwords
from webapp.accounts.views.request_info import (
    REQUESTED,
    RESET_TRIED,
    answer_by_mail,
    check_password,
    current_circumstances,
    current_requester,
    enforce_limit,
    link_problem,
    mailer,
    password_hint,
    passwords,
    roles_of,
)
from webapp.core.translation import _, _l
from webapp.guard import login_manager, public
from webapp.web.api_schema import responds
from webapp.web.form import Form
from webapp.web.negotiation import show
from webapp.web.problems import Action, Problem
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

bp = Blueprint("recovery", __name__)

# An endpoint of a higher layer.
LOGIN = "login.new"
SENT = _l("If this account exists, we sent a link to its e-mail address. The link works for 30 minutes.")


class ForgotPage(msgspec.Struct, frozen=True):
    csrf_token: str


class PasswordReset(msgspec.Struct, frozen=True):
    """What ended with the old password."""

    sessions: int
    script_logins: int
    """Each with its access and refresh tokens."""
    tokens: int
    """API tokens that were revoked."""
    tokens_kept: int
    """API tokens that still work."""


class LinkAsked(msgspec.Struct, frozen=True):
    """The response to a request for a reset link, the same whether or not the account exists."""

    detail: str


@bp.get("/forgot")
@public
@responds(ForgotPage, refuses=(403,))
def forgotten() -> ResponseReturnValue:
    """The form that requests a link, with its CSRF token."""
    refuse_without_passwords()
    return show(ForgotPage(generate_csrf()), "accounts/forgot.html", form=ForgotForm(formdata=None))


@bp.post("/forgot")
@public
@responds(LinkAsked, form=ForgotForm, status=202, refuses=(403, 422, 429))
def request_reset_link() -> ResponseReturnValue:
    """Request a link to set a new password. It is sent only to the e-mail address of the account."""
    refuse_without_passwords()
    form = ForgotForm()
    if not form.validate_on_submit():
        return refuse_form(form, lambda: render_template("accounts/forgot.html", form=form))
    enforce_limit(REQUESTED)
    answer_by_mail(RecoveryByMail(current_requester(), form.username.data or ""))
    return redirect_or_json(url_for("recovery.sent"), answer=LinkAsked(str(SENT)), status=202)


@bp.get("/forgot/sent")
@public
def sent() -> ResponseReturnValue:
    return render_template("accounts/sent.html", message=SENT, again=url_for("recovery.forgotten"))


@bp.get("/reset/<secret>")
@public
def open_link(secret: str) -> ResponseReturnValue:
    user_of(secret)
    link_secret.remember(RESET, secret)
    return redirect(url_for("recovery.new"), 303)


@bp.get("/reset")
@public
def new() -> ResponseReturnValue:
    secret = link_secret.opened(RESET)
    return reset_page(ResetForm(formdata=None, data={"link": secret}), user_of(secret))


@bp.post("/reset")
@public
@responds(PasswordReset, form=ResetForm, refuses=(403, 404, 422, 429))
def reset() -> ResponseReturnValue:
    """Set the new password, with the link that was opened with this cookie.

    Sessions and script logins end. API tokens are revoked unless `keep_tokens` is true. The response and a mail say
    how many.
    """
    form, secret = ResetForm(), link_secret.opened(RESET)
    user = user_of(secret)
    if form.validate_on_submit():
        check_password(form.password, name=user.username, email=user.email or "", roles=roles_of(user.role))
    if form.errors:
        return form_again(form, user)
    enforce_limit(RESET_TRIED, f"user:{user.id}")
    hashed = passwords().hash(form.password.data or "")
    try:
        ended = recovery.reset(
            db(), mailer(), secret, hashed, current_circumstances(), revokes_tokens=not form.keep_tokens.data
        )
    except LinkDead as error:
        raise dead_link() from error
    # The user has just shown access to the mailbox, so earlier wrong passwords must not lock out the new one.
    known_networks.remember(db(), user.id, request.remote_addr)
    link_secret.drop(RESET)
    if current_user.is_authenticated and current_user.user_id == user.id:
        login_manager.log_out()
    message = _("Your new password is set. %(ended)s Log in with the new password.", ended=ended.sentence)
    return redirect_or_json(url_for(LOGIN), message, PasswordReset(**ended.facts))


def form_again(form: Form, user: User) -> ResponseReturnValue:
    return refuse_form(form, lambda: reset_page(form, user))


def reset_page(form: Form, user: User) -> str:
    form.password.description = password_hint(roles_of(user.role))
    with database().read() as reading:
        ends = recovery.would_end(reading, user.id)
    return render_template("accounts/reset.html", form=form, user=user, ends=ends)


def user_of(secret: str) -> User:
    # In a transaction of its own: a password is hashed afterwards, and no writer may wait for that.
    try:
        with database().read() as reading:
            user = recovery.user_of_link(reading, secret)
    except LinkDead as error:
        raise dead_link() from error
    refuse_password_of(user)
    return user


def dead_link() -> Problem:
    problem = link_problem(
        _("It was already used, it has expired, or the account has changed since. Request a new one.")
    )
    problem.actions = (Action(_("Request a new link"), url_for("recovery.forgotten")),)
    return problem
