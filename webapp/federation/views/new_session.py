"""The session that a login with a provider starts, and the session there that it came from."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import session
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials
from webapp.federation import provider_sessions
from webapp.federation.models import LoginProvider
from webapp.federation.provider_assurance import AMR
from webapp.federation.provider_identity import ProviderIdentity
from webapp.federation.providers import ProviderEncryptor
from webapp.federation.views.failures import back, unknown_login
from webapp.login.pending_login import LIFETIME
from webapp.login.second_step import SecondFactorRequired
from webapp.login.views.blueprint import second_step
from webapp.login.views.login import begin_session, continue_with_second_step
from webapp.web.problems import Problem
from webapp.web.registry import service
from webapp.web.transaction import writable

BEGUN = "provider_session"
"""Key of the session cookie, until the session starts."""


def complete(user: User, amr: str, auth_time: float | None, target: str) -> ResponseReturnValue:
    """What follows the login with a provider: the second step, or the session.

    Args:
        auth_time: when the user authenticated at the provider, in seconds since 1970.
    """
    step = second_step().after(user)
    if isinstance(step, SecondFactorRequired):
        return continue_with_second_step(step, target or None, amr=amr, is_remembered=False)
    at = min(now(), datetime.fromtimestamp(auth_time, UTC)) if auth_time is not None else None
    writable()
    return begin_session(user, target or None, amr=amr, is_remembered=False, auth_time=at)


def refuse_unfit(user: User) -> None:
    """Refuse a login with a provider to an account that is disabled, unverified or a service account.

    Raises:
        Problem: 403, the account cannot log in.
    """
    if user.disabled_at is None and not user.is_unverified and not user.is_service:
        return
    raise Problem(
        403,
        _("You cannot log in"),
        _("This account is disabled, not yet verified, or only for scripts. Ask your administrator."),
        actions=(back(),),
    )


def keep_provider_session(db: Session, row: LoginProvider, identity: ProviderIdentity, user_id: UUID) -> None:
    """Store the session at the provider, for the session here that may follow."""
    session[BEGUN] = provider_sessions.store(db, row, identity, user_id, service(ProviderEncryptor)).id.hex


def attach_provider_session(db: Session, user_id: UUID, session_id: UUID) -> None:
    """Link a new session to the session at the provider that it came from; the hook ``LoginCompleted``.

    Raises:
        Problem: the session at the provider has ended meanwhile.
    """
    provider_session_id, credential = session.pop(BEGUN, None), credentials.find(db, session_id, kind="session")
    # It may be left of a login that was not completed.
    if provider_session_id is None or credential is None or credential.sid is None or AMR not in credential.amr.split():
        return
    since = now() - LIFETIME - timedelta(minutes=1)
    if not provider_sessions.attach(db, UUID(provider_session_id), user_id, credential.sid, since=since):
        raise unknown_login()
