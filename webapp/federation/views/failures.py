"""What a person sees when a login with a provider fails, and what the log says."""

import logging

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.core.translation import _
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.models import LoginProvider
from webapp.federation.pending_requests import PendingRequest
from webapp.federation.provider_errors import ProviderErrorLog, kept_detail, kind_of
from webapp.login.views.login_page import stay
from webapp.web.after_response import after_response
from webapp.web.problems import Action, Problem
from webapp.web.registry import service

# What a user causes who cancels (RFC 6749 §4.1.2.1); LinkedIn has codes of its own.
CANCELLED = {"access_denied", "user_cancelled_login", "user_cancelled_authorize"}

log = logging.getLogger(__name__)


def record_failure(row: LoginProvider, error: LoginFailed, target: str) -> Problem:
    """The problem for a failed login; what exactly failed is for the operator."""
    log.warning(
        "login with a provider failed",
        extra={"fields": {"provider": row.slug, "check": error.check, "reason": error.detail}},
    )
    store_error(row, error)
    again = back(target)
    if error.check is Check.RESPONSE:
        title = _("%(provider)s did not log you in", provider=row.name)
        return Problem(400, title, _("You may have cancelled it there. You can try again."), actions=(again,))
    return Problem(
        502,
        _("Logging in with %(provider)s does not work at the moment", provider=row.name),
        _("Try again in a few minutes, or log in another way. If the problem persists, ask your administrator."),
        actions=(again,),
    )


def store_error(row: LoginProvider, error: LoginFailed) -> None:
    """Keep an error for the page of the provider, after the response."""
    errors, kind = service(ProviderErrorLog), kind_of(error)
    if kind is not None and errors.is_due(row.id, kind):
        provider_id, detail = row.id, kept_detail(error)
        after_response(lambda: errors.write(provider_id, kind, detail))


def cancelled(row: LoginProvider, pending_request: PendingRequest) -> ResponseReturnValue:
    """The user did not want to log in there: back to where they began, with a message."""
    flash(_("You did not log in with %(provider)s. Nothing was changed.", provider=row.name), "message")
    if pending_request.purpose == "login":
        return redirect(url_for("login.new", next=pending_request.next or None, stay=stay()), 303)
    return redirect(pending_request.next or url_for("account.security"), 303)


def back(target: str = "") -> Action:
    """The link to the login page, which then does not redirect to the provider again."""
    return Action(_("Back to the login page"), url_for("login.new", next=target or None, stay=stay()))


def unknown_login() -> Problem:
    """The problem for a response that belongs to no login of this browser.

    A user who is logged in has probably reloaded the page of a trial login, and needs no login page.
    """
    if current_user.is_authenticated and current_user.credential == "session":
        return already_used()
    return Problem(
        400,
        _("This login cannot be continued"),
        _("It was started in another browser, took more than 10 minutes, or is already complete. Log in again."),
        actions=(back(),),
    )


def already_used() -> Problem:
    actions = [Action(_("Back to the dashboard"), url_for("dashboard.show"))]
    if "super_admin" in current_user.roles:
        actions.insert(0, Action(_("Identity providers"), url_for("admin_providers.index")))
    return Problem(
        400,
        _("This response cannot be used"),
        _("It was used already, or belongs to another browser. You are logged in here as before."),
        actions=tuple(actions),
    )
