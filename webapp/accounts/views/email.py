"""Change the e-mail address: requested here, confirmed and undone with links that need no login."""

from datetime import timedelta
from typing import Any

import msgspec
from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import disavow, email_change
from webapp.accounts.email_change import CONFIRM
from webapp.accounts.forms import LinkForm, NewEmailForm
from webapp.accounts.models import User
from webapp.accounts.names import InvalidEmail, checked_email, normalized_key
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.one_time_links import UNDO, LinkDead
from webapp.accounts.registration import EmailTaken
from webapp.accounts.views import link_secret, profile
from webapp.accounts.views.blueprint import FRESH, bp, me
from webapp.accounts.views.request_info import (
    current_circumstances,
    enforce_limit,
    link_problem,
    mailer,
    random_password_hash,
)
from webapp.core.ratelimit import Limit
from webapp.core.translation import _
from webapp.guard import Principal, public, require
from webapp.web.api_schema import responds
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db

# Each request sends a mail to an e-mail address whose owner may not have requested it.
REQUESTED = Limit("email-change", 5, timedelta(hours=1))


class EmailChangeRequested(msgspec.Struct, frozen=True):
    pending_email: str
    """It takes effect once the link that was mailed to it is opened and confirmed."""


class EmailRestored(msgspec.Struct, frozen=True):
    email: str
    """The restored e-mail address. A link for a new password is mailed to it."""
    sessions: int
    """How many were ended."""
    script_logins: int
    """How many were ended, each with its access and refresh tokens."""
    tokens: int
    """How many API tokens were revoked: those created since the change was requested."""
    tokens_kept: int
    """How many API tokens still work."""


@bp.post("/account/email")
@require(session=True, fresh_within=FRESH)
@responds(EmailChangeRequested, form=NewEmailForm, status=202, refuses=(422, 429))
def change_email(principal: Principal) -> ResponseReturnValue:
    """Request another e-mail address. A confirmation link is mailed to it."""
    form = NewEmailForm()
    if not form.validate_on_submit() or (email := fitting(form)) is None:
        return form_again(principal, form)
    enforce_limit(REQUESTED, str(principal.user_id))
    user = me(principal)
    if user.email_key == normalized_key(email) and user.email_verified_at is not None:
        form.email.errors = [_("This is already your e-mail address.")]
        return form_again(principal, form)
    email_change.request(db(), mailer(), user, email, current_circumstances())
    message = _("We sent a link to %(email)s. Open it within a day to change your e-mail address.", email=email)
    return redirect_or_json(url_for("account.show"), message, EmailChangeRequested(email), status=202)


def fitting(form: NewEmailForm) -> str | None:
    try:
        return checked_email(form.email.data or "")
    except InvalidEmail as error:
        form.email.errors = [str(error)]
        return None


def form_again(principal: Principal, form: NewEmailForm) -> ResponseReturnValue:
    return refuse_form(form, lambda: account_page(me(principal), form))


def account_page(user: User, form: NewEmailForm) -> str:
    return render_template("accounts/account.html", **profile.account_context(user, profile.form_of(user), form))


@bp.post("/account/email/cancel")
@require(session=True)
@responds(None, status=204)
def cancel_email_change(principal: Principal) -> ResponseReturnValue:
    """Cancel the pending e-mail address. Its link stops working."""
    email_change.cancel(db(), principal.user_id)
    return redirect_or_json(
        url_for("account.show"), _("The link no longer works. Your e-mail address was not changed.")
    )


@bp.get("/account/email/confirm/<secret>")
@public
def open_confirm_link(secret: str) -> ResponseReturnValue:
    facts_of(CONFIRM, secret)
    link_secret.remember(CONFIRM, secret)
    return redirect(url_for("account.confirm_email_form"), 303)


@bp.get("/account/email/confirm")
@public
def confirm_email_form() -> ResponseReturnValue:
    # Changed only by POST, because mail scanners follow every link.
    return render_template("accounts/confirm_email.html", **facts_of(CONFIRM, link_secret.opened(CONFIRM)))


@bp.post("/account/email/confirm")
@public
@responds(None, form=LinkForm, status=204, refuses=(404, 409))
def confirm_email() -> ResponseReturnValue:
    """Confirm the e-mail address, with the link that was opened with this cookie."""
    try:
        email_change.confirm(db(), mailer(), link_secret.opened(CONFIRM), current_circumstances())
    except LinkDead as error:
        raise dead_link() from error
    except EmailTaken as error:
        raise email_taken() from error
    link_secret.drop(CONFIRM)
    return redirect_or_json(url_for("account.show"), _("Your e-mail address is verified."))


@bp.get("/account/email/undo/<secret>")
@public
def open_undo_link(secret: str) -> ResponseReturnValue:
    facts_of(UNDO, secret)
    link_secret.remember(UNDO, secret)
    return redirect(url_for("account.undo_email_change_form"), 303)


@bp.get("/account/email/undo")
@public
def undo_email_change_form() -> ResponseReturnValue:
    return render_template("accounts/undo_email_change.html", **facts_of(UNDO, link_secret.opened(UNDO)))


@bp.post("/account/email/undo")
@public
@responds(EmailRestored, form=LinkForm, refuses=(404, 409))
def undo_email_change() -> ResponseReturnValue:
    """Restore the previous e-mail address. Sessions and script logins end, and the password stops working."""
    secret = link_secret.opened(UNDO)
    facts_of(UNDO, secret)
    nobodys = random_password_hash()
    try:
        user, ended = disavow.undo_email_change(
            db(), mailer(), secret, nobodys, current_circumstances(), service(NonPasskeyLogins)
        )
    except LinkDead as error:
        raise dead_link() from error
    except EmailTaken as error:
        raise email_taken() from error
    link_secret.drop(UNDO)
    message = _("Your e-mail address is %(email)s again.", email=user.email)
    return redirect_or_json(
        url_for("not_me.ended", then="elsewhere" if user.has_external_identity else "mailed"),
        f"{message} {ended.sentence}",
        EmailRestored(email=user.email or "", **ended.facts),
    )


def facts_of(purpose: str, secret: str) -> dict[str, Any]:
    """Context of the page of a link: e-mail address, user and the link's secret."""
    try:
        with database().read() as reading:
            user, link = email_change.pending_link(reading, purpose, secret)
            return {"email": link.email, "user": user, "link": secret}
    except LinkDead as error:
        raise dead_link() from error


def dead_link() -> Problem:
    return link_problem(_("It was already used, or it has expired. Nothing was changed."))


def email_taken() -> Problem:
    detail = _("Another account uses it now. Nothing was changed.")
    return Problem(409, _("This e-mail address can't be used"), detail)
