"""What a person sees when a login with a provider fails, and what the log says."""

import logging

from flask import url_for

from webapp.core.translation import _
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.models import LoginProvider
from webapp.federation.provider_errors import ProviderErrorLog, kept_detail, kind_of
from webapp.web.after_response import after_response
from webapp.web.problems import Action, Problem
from webapp.web.registry import service

log = logging.getLogger(__name__)


def failed(row: LoginProvider, error: LoginFailed, target: str) -> Problem:
    """The problem for a failed login; what exactly failed is for the operator."""
    log.warning(
        "login with a provider failed",
        extra={"fields": {"provider": row.slug, "check": error.check, "reason": error.detail}},
    )
    keep(row, error)
    again = Action(_("Back to the login page"), url_for("login.new", next=target or None))
    if error.check is Check.RESPONSE:
        title = _("%(provider)s did not log you in", provider=row.name)
        return Problem(400, title, _("You may have cancelled it there. You can try again."), actions=(again,))
    return Problem(
        502,
        _("Logging in with %(provider)s does not work at the moment", provider=row.name),
        _("Try again in a few minutes, or log in another way. If it goes on, tell your administrator."),
        actions=(again,),
    )


def keep(row: LoginProvider, error: LoginFailed) -> None:
    """Keep an error for the page of the provider, after the response."""
    errors, kind = service(ProviderErrorLog), kind_of(error)
    if kind is not None and errors.is_due(row.id, kind):
        provider_id, detail = row.id, kept_detail(error)
        after_response(lambda: errors.write(provider_id, kind, detail))


def unknown_login() -> Problem:
    """The problem for a response that belongs to no login of this browser."""
    return Problem(
        400,
        _("This login cannot be continued"),
        _("It was begun in another browser or more than 10 minutes ago, or it is finished already. Log in again."),
        actions=(Action(_("Back to the login page"), url_for("login.new")),),
    )
