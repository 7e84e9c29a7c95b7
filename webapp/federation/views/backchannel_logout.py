"""/login/with/<provider>/backchannel-logout: a session at an identity provider has ended."""

import logging
from datetime import timedelta

from flask import Response, request
from flask.typing import ResponseReturnValue

from webapp.core.clock import now
from webapp.core.ratelimit import Limit, Limiter
from webapp.core.ratelimit_storage import SPENT
from webapp.core.translation import _
from webapp.federation import provider_sessions
from webapp.federation.checks import Check, LoginFailed
from webapp.federation.logout_tokens import OLDEST, LogoutToken
from webapp.federation.models import LoginProvider
from webapp.federation.views.blueprint import bp, for_protocol, logins, provider_named
from webapp.guard.require import public_to_scripts
from webapp.login.invalid_token_limit import InvalidTokenLimit
from webapp.login.views.login_errors import throttled
from webapp.web.known_fields import reads
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import database

log = logging.getLogger(__name__)

# Longer than a logout token is accepted.
USED = Limit(f"{SPENT}logout-token", 1, OLDEST + timedelta(minutes=5))


@bp.post("/login/with/<slug>/backchannel-logout")
@public_to_scripts
@reads(others=True)
def backchannel_logout(slug: str) -> ResponseReturnValue:
    """End the sessions that came from a session at the provider (OpenID Connect Back-Channel Logout 1.0 §2.5)."""
    guesses = service(InvalidTokenLimit)
    if (refused := guesses.too_many(request.remote_addr)) is not None:
        raise throttled(refused.retry_after)
    # Sessions go on while a provider is disabled, so they can end too.
    row = provider_named(slug, disabled_too=True)
    try:
        token = received_logout_token(row)
    except LoginFailed as error:
        guesses.count(request.remote_addr)
        fields = {"provider": row.slug, "check": error.check, "reason": error.detail}
        log.warning("logout token refused", extra={"fields": fields})
        raise not_valid() from error
    with database().write() as writing:
        ended = provider_sessions.end(writing, writing.get_one(LoginProvider, row.id), token)
    log.info("logout token accepted", extra={"fields": {"provider": row.slug, "sessions": ended}})
    return Response(status=200, headers={"Cache-Control": "no-store"})


def received_logout_token(row: LoginProvider) -> LogoutToken:
    """The logout token of this request, which counts once.

    Raises:
        LoginFailed
    """
    tokens = request.form.getlist("logout_token")
    if row.kind != "oidc" or len(tokens) != 1:
        raise LoginFailed(Check.ID_TOKEN, "logout_token is missing or comes twice")
    token = logins().logout_token(for_protocol(row), tokens[0], now())
    if not service(Limiter).take(USED, row.slug, token.jti).allowed:
        raise LoginFailed(Check.ID_TOKEN, "the jti was used before")
    return token


def not_valid() -> Problem:
    return Problem(
        400,
        _("The logout token is not valid"),
        _("Nothing was ended. The log of this site says why."),
        extra={"error": "invalid_request"},
        headers={"Cache-Control": "no-store"},
    )
