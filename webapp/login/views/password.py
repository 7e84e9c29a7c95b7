"""/account/password: change the password. Wrong current passwords are counted like failed logins."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import known_networks, lifecycle, notices
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import User
from webapp.accounts.password_normalization import compared_forms
from webapp.accounts.views.blueprint import me
from webapp.accounts.views.password_refusals import refuse_password_of
from webapp.accounts.views.request_info import check_password, current_circumstances, password_hint, passwords, roles_of
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.guard import Principal, public, require
from webapp.guard.assurance import Level, level_of
from webapp.login.flow import AMR, PasswordAccepted, Throttled
from webapp.login.forms import PasswordForm
from webapp.login.views import known_browser
from webapp.login.views.blueprint import attempt, bp, flow, reauthenticate
from webapp.login.views.confirm import of_id
from webapp.login.views.login_errors import no_password, password_managed_elsewhere, throttled
from webapp.mail.mailer import Mailer
from webapp.sessions.session_list import list_sessions
from webapp.tokens import script_logins, token_list
from webapp.web.api_schema import responds
from webapp.web.negotiation import publicly_cacheable
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json, refuse_form
from webapp.web.transaction import database, db


class PasswordChanged(msgspec.Struct, frozen=True):
    changed_at: datetime
    sessions: int
    """How many other sessions ended."""
    script_logins: int
    """How many ended, each with its access and refresh tokens."""
    tokens: int
    """How many API tokens were revoked."""
    tokens_kept: int
    """How many API tokens still work."""


@bp.get("/.well-known/change-password")
@public
def change_password_url() -> ResponseReturnValue:
    """Redirect to the page that changes the password (W3C: A Well-Known URL for Changing Passwords)."""
    return publicly_cacheable(current_app.make_response(redirect(url_for("login.password_form"), 303)))


@bp.get("/account/password")
@require(session=True)
def password_form(principal: Principal) -> ResponseReturnValue:
    refuse_where_there_is_none(of_id(principal.user_id))
    return password_page(principal, PasswordForm(formdata=None))


@bp.post("/account/password")
@require(session=True)
@responds(PasswordChanged, form=PasswordForm, refuses=(403, 409, 422, 429))
def change_password(principal: Principal) -> ResponseReturnValue:
    """Change the password. All other sessions and all script logins end; this session continues.

    API tokens are kept unless `revoke_tokens` is true. The response and a mail say how many ended.
    """
    form, user = PasswordForm(), of_id(principal.user_id)
    refuse_where_there_is_none(user)
    if not form.validate_on_submit():
        return form_again(principal, form)
    outcome = flow().begin(attempt(user.username, form.password.data or ""))
    if isinstance(outcome, Throttled):
        raise throttled(outcome.retry_after)
    if not isinstance(outcome, PasswordAccepted):
        form.password.errors = [_("Wrong current password. Try again.")]
        return form_again(principal, form)
    if not is_acceptable(form, user):
        return form_again(principal, form)
    return save_password(principal, form, passwords().hash(form.new_password.data or ""))


def refuse_where_there_is_none(user: User) -> None:
    refuse_password_of(user)
    if user.has_external_identity:
        raise password_managed_elsewhere()
    if not user.has_password:
        raise no_password()


def is_acceptable(form: PasswordForm, user: User) -> bool:
    if compared_forms(form.new_password.data or "")[0] == compared_forms(form.password.data or "")[0]:
        form.new_password.errors = [_("This is already your password. Choose another.")]
        return False
    check_password(form.new_password, name=user.username, email=user.email or "", roles=roles_of(user.role))
    return not form.new_password.errors


def save_password(principal: Principal, form: PasswordForm, hashed: str) -> ResponseReturnValue:
    user = me(principal)
    session_id = prove_by_password(principal)
    ended = lifecycle.set_password(db(), user, hashed, keep=session_id, revokes_tokens=form.revoke_tokens.data)
    known_networks.remember(db(), user.id, request.remote_addr)
    notices.password_changed(db(), service(Mailer), user, current_circumstances(), ended=ended)
    response = answer(ended)
    # This browser and network stay known after the change; all others are forgotten.
    known_browser.remember(response, user.id)
    return response


def answer(ended: EndedCredentials) -> Response:
    return redirect_or_json(
        url_for("account.security"),
        _("Your password was changed. %(ended)s", ended=ended.sentence),
        PasswordChanged(changed_at=now(), **ended.facts),
    )


def prove_by_password(principal: Principal) -> UUID:
    """Give the session a new secret, and a new authentication time if the password is as strong as its former proof."""
    if level_of(principal.amr) is Level.ONE:
        return reauthenticate(principal, AMR)
    # The session has a stronger proof than a password, which does not become fresher.
    return reauthenticate(principal, principal.amr, auth_time=principal.auth_time)


def form_again(principal: Principal, form: PasswordForm) -> ResponseReturnValue:
    return refuse_form(form, lambda: password_page(principal, form))


def password_page(principal: Principal, form: PasswordForm) -> str:
    # In a transaction of its own: after a refusal the request must not open a write transaction.
    with database().read() as db:
        others = [device for device in list_sessions(db, principal) if not device.is_current]
        tokens, logins = (
            token_list.token_page(db, principal.user_id, is_live=True),
            script_logins.live(db, principal.user_id),
        )
    form.new_password.description = password_hint(principal.roles)
    facts: dict[str, Any] = {
        "form": form,
        "user": of_id(principal.user_id),
        "others": others,
        "logins": logins,
        "tokens": tokens,
    }
    return render_template("login/password.html", **facts)
