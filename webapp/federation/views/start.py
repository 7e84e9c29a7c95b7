"""/login/with/<provider>: send a browser to an identity provider."""

from datetime import timedelta
from typing import Annotated

import msgspec
from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts.views.request_info import enforce_limit
from webapp.core.client_network import network_of
from webapp.core.clock import now
from webapp.core.ratelimit import Counted, Limit, Limiter
from webapp.core.translation import _
from webapp.federation import pending_requests
from webapp.federation.checks import LoginFailed
from webapp.federation.models import LoginProvider
from webapp.federation.pending_requests import PendingRequest
from webapp.federation.subject_settings import login_mark
from webapp.federation.views.blueprint import bp, for_protocol, logins, pending, provider_named, store
from webapp.federation.views.failures import record_failure
from webapp.guard import public
from webapp.login.views.hooks import RequestingAppOf
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.query_params import parse_query
from webapp.web.redirects import safe_path
from webapp.web.registry import service

BEGUN = Limit("provider-login", 60, timedelta(minutes=10))
"""Logins that one network begins and does not complete."""
BEGUN_BY_USER = Limit("provider-login-user", 30, timedelta(minutes=10))
"""The same of a user who is logged in, to link an identity or to confirm who they are."""


class StartQuery(msgspec.Struct, frozen=True):
    next: Annotated[str, msgspec.Meta(description="Where to go afterwards: a path on this site.")] = ""


@bp.get("/login/with/<slug>")
@public
@reads("next")
def start(slug: str) -> ResponseReturnValue:
    """Log in with an identity provider: redirects there."""
    target = safe_path(parse_query(StartQuery).next) or ""
    row = provider_named(slug)
    if current_user.is_authenticated:
        return redirect(target or url_for("dashboard.show"), 303)
    app = service(RequestingAppOf)(target) if target else None
    return leave_for(row, "login", target, login_hint=app.login_hint if app else "")


def leave_for(
    row: LoginProvider, purpose: str, target: str, *, login_hint: str = "", user: str = ""
) -> ResponseReturnValue:
    """Redirect to a provider.

    Args:
        purpose: what the login is for, one of ``pending_requests.PURPOSES``.
        target: path to go to afterwards.
        user: ID of the user who is logged in, in hexadecimal, where it is for no other.
    """
    refuse_embedded()
    limit, key = limit_and_key(user)
    enforce_limit(limit, key)
    pending_request = pending_requests.begin(row.slug, purpose, target, now(), user=user, mark=login_mark(row))
    try:
        url, pending_request = logins().begin(for_protocol(row), pending_request, login_hint=login_hint)
    except LoginFailed as error:
        raise record_failure(row, error, target) from error
    store([*pending(), pending_request])
    return redirect(url, 303)


def refuse_embedded() -> None:
    """Refuse what another page loads as an image or in a frame: it could use up the logins of a whole network.

    Raises:
        Problem
    """
    if request.headers.get("Sec-Fetch-Dest", "document") != "document":
        raise Problem(403, _("This page can't be shown inside another page"), _("Open it in its own tab."))


def limit_and_key(user: str) -> Counted:
    return (BEGUN_BY_USER, user) if user else (BEGUN, network_of(request.remote_addr))


def undo_count(pending_request: PendingRequest) -> None:
    """Undo the count of a login, because it was completed."""
    service(Limiter).forgive([], [limit_and_key(pending_request.user)], since=now())
