""" "This wasn't me": the link in security mails, which works without a login."""

from dataclasses import dataclass

import msgspec
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.accounts import disavow
from webapp.accounts.forms import LinkForm
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.notices import RESET_BEGUN, RESET_REQUESTED
from webapp.accounts.one_time_links import NOT_ME, LinkDead
from webapp.accounts.views import link_secret
from webapp.accounts.views.password_refusals import may_use_password
from webapp.accounts.views.request_info import current_circumstances, link_problem, mailer, random_password_hash
from webapp.core.translation import _, _l
from webapp.guard import public
from webapp.web.api_schema import responds
from webapp.web.known_fields import reads
from webapp.web.problems import Action, Problem
from webapp.web.registry import service
from webapp.web.responses import redirect_or_json
from webapp.web.transaction import database, db

bp = Blueprint("not_me", __name__)

# An endpoint of a higher layer.
LOGIN = "login.new"

EVENT_LABELS = {
    "new_login": _l("a login with a new browser"),
    "new_script_login": _l("a login by a new script"),
    "device_allowed": _l("access for an app on another device"),
    "identity_linked": _l("a new way to log in with an identity provider"),
    "identity_unlinked": _l("the removal of a way to log in"),
    "password_changed": _l("a change of your password"),
    "password_reset": _l("a new password set with a mailed link"),
    "factors_changed": _l("a change of how you log in"),
    "recovery_code_used": _l("a login with a recovery code"),
    "name_changed": _l("a change of your user name"),
    "everything_ended": _l("the end of all access to your account"),
    "account_closed": _l("the closing of your account"),
    "factors_reset": _l("a reset of your second factors"),
    RESET_REQUESTED: _l("a password reset link"),
    RESET_BEGUN: _l("a reset of your second factors"),
    "session_copied": _l("a copy of a session cookie"),
    "code_refused": _l("a wrong code after your password"),
    "passkey_copied": _l("a passkey that may have been copied"),
}
STOPPED = {
    RESET_REQUESTED: _l("The link no longer works. It has changed nothing."),
    RESET_BEGUN: _l("The reset was stopped. Your second factors stay as they are."),
}


class DisavowedAction(msgspec.Struct, frozen=True, kw_only=True):
    is_mailed: bool
    """Whether a link for a new password was sent to the e-mail address that got this link."""
    sessions: int = 0
    """How many were ended."""
    script_logins: int = 0
    """How many were ended, each with its access and refresh tokens."""
    tokens: int = 0
    """How many API tokens were revoked: those created since."""
    tokens_kept: int = 0
    """How many API tokens still work."""


@bp.get("/not-me/<secret>")
@public
def open_link(secret: str) -> ResponseReturnValue:
    about(secret)
    link_secret.remember(NOT_ME, secret)
    return redirect(url_for("not_me.confirmation_page"), 303)


@bp.get("/not-me")
@public
def confirmation_page() -> ResponseReturnValue:
    secret = link_secret.opened(NOT_ME)
    found = about(secret)
    page = f"accounts/not_me_{found.kind}.html" if found.is_only_begun else "accounts/not_me.html"
    facts = {"kind": found.kind, "user": found.user, "may_use_password": may_use_password(found.user.role)}
    return render_template(page, what=EVENT_LABELS.get(found.kind, found.kind), link=secret, **facts)


@bp.post("/not-me")
@public
@responds(DisavowedAction, form=LinkForm, refuses=(404,))
def end() -> ResponseReturnValue:
    """End every session and script login. The password stops working, and a link for a new one is mailed.

    API tokens, second factors, linked identities and invitations created since are removed. If the mail was about a
    pending reset or a password link, that is cancelled instead, and nothing else changes.
    """
    secret = link_secret.opened(NOT_ME)
    found = about(secret)
    nobodys = random_password_hash()
    try:
        disavowal = disavow.disavow(db(), mailer(), secret, nobodys, current_circumstances(), service(NonPasskeyLogins))
    except LinkDead as error:
        raise dead_link() from error
    link_secret.drop(NOT_ME)
    answer = DisavowedAction(is_mailed=disavowal.is_mailed, **(disavowal.ended.facts if disavowal.ended else {}))
    if found.is_only_begun:
        return redirect_or_json(url_for(LOGIN), STOPPED[found.kind], answer)
    next_step = "mailed" if disavowal.is_mailed else reason_for_no_mail(found.user)
    return redirect_or_json(
        url_for("not_me.ended", then=next_step), disavowal.ended.sentence if disavowal.ended else None, answer
    )


def reason_for_no_mail(user: User) -> str:
    if user.has_external_identity:
        return "elsewhere"
    return "moved" if may_use_password(user.role) else "otherwise"


@bp.get("/not-me/ended")
@public
@reads("then")
def ended() -> ResponseReturnValue:
    return render_template("accounts/not_me_ended.html", then=request.args.get("then"))


@dataclass(frozen=True, slots=True)
class LinkInfo:
    kind: str
    is_only_begun: bool
    user: User


def about(secret: str) -> LinkInfo:
    try:
        with database().read() as reading:
            link, user = disavow.link_and_user(reading, secret)
            return LinkInfo((link.facts or {})["what"], disavow.is_only_begun(reading, link, user), user)
    except LinkDead as error:
        raise dead_link() from error


def dead_link() -> Problem:
    problem = link_problem(
        _("It was already used, or it has expired. Set a new password instead. That also ends every session.")
    )
    problem.actions = (Action(_("Set a new password"), url_for("recovery.forgotten")),)
    return problem
