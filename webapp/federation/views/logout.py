"""/login/with/<provider>/logged-out: a logout continues at the identity provider that the login came from."""

import logging
from uuid import UUID

from flask import current_app, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.core.digests import constant_time_equal, new_secret
from webapp.core.encryption import DecryptionFailed
from webapp.core.translation import _
from webapp.credentials import sids
from webapp.federation import provider_sessions, providers
from webapp.federation.checks import LoginFailed
from webapp.federation.models import LoginProvider, ProviderSession
from webapp.federation.providers import ProviderEncryptor
from webapp.federation.views.blueprint import bp, for_protocol, logins, provider_named
from webapp.guard import public
from webapp.login.views.hooks import LogoutStep
from webapp.login.views.login_page import stay
from webapp.login.views.logout import LEFT_WITH
from webapp.web.known_fields import reads
from webapp.web.registry import service
from webapp.web.transaction import database

log = logging.getLogger(__name__)


def next_logout_step(session_id: UUID) -> LogoutStep | None:
    """The hook ``NextLogoutStep``. No error here may prevent the logout."""
    with database().read() as reading:
        sid = sids.sid_of(reading, session_id)
        found = provider_sessions.of_session(reading, sid) if sid is not None else None
        row = providers.by_id(reading, found.provider_id) if found is not None else None
    if found is None or row is None or not row.logs_out or row.disabled_at is not None or row.kind != "oidc":
        return None
    state = new_secret()
    try:
        url = logins().logout_url(for_protocol(row), parameters(row, found, state))
    except LoginFailed as error:
        log.warning("no logout at the provider", extra={"fields": {"provider": row.slug, "reason": error.detail}})
        return None
    return LogoutStep(row.name, url, state) if url else None


def parameters(row: LoginProvider, found: ProviderSession, state: str) -> dict[str, str]:
    """The parameters of the logout request (OpenID Connect RP-Initiated Logout 1.0 §2)."""
    back = providers.logged_out_uri(current_app.config["BASE_URL"], row.slug)
    query = {"client_id": row.client_id, "post_logout_redirect_uri": back, "state": state}
    try:
        encryptor = service(ProviderEncryptor)
        hint = encryptor.open(found.id_token, belongs_to=str(found.id)).decode() if found.id_token else ""
    except DecryptionFailed:
        # The secret key has changed.
        hint = ""
    return query | ({"id_token_hint": hint} if 0 < len(hint) <= provider_sessions.LONGEST_HINT else {})


@bp.get("/login/with/<slug>/logged-out")
@public
@reads(others=True)
def logged_out(slug: str) -> ResponseReturnValue:
    """The browser comes back from the logout at the provider."""
    # It may have been disabled meanwhile.
    provider_named(slug, disabled_too=True)
    state = session.pop(LEFT_WITH, "")
    if state and constant_time_equal(state, request.args.get("state", "")):
        flash(_("You are logged out."), "ok")
    return redirect(url_for("login.new", stay=stay()), 303)
