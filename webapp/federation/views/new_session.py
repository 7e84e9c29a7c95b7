"""The session that a login with a provider starts, and the session there that it came from."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from flask import session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials
from webapp.federation.models import LoginProvider, ProviderSession
from webapp.federation.providers import ProviderEncryptor
from webapp.federation.upstream_identity import UpstreamIdentity
from webapp.login.pending_login import LIFETIME
from webapp.login.second_step import Pending
from webapp.login.views.blueprint import second_step
from webapp.login.views.login import ask_more, begin_session
from webapp.web.problems import Action, Problem
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
    if isinstance(step, Pending):
        return ask_more(step, target or None, amr=amr, is_remembered=False)
    at = min(now(), datetime.fromtimestamp(auth_time, UTC)) if auth_time is not None else None
    writable()
    return begin_session(user, target or None, amr=amr, is_remembered=False, auth_time=at)


def refuse_unfit(user: User) -> None:
    """
    Raises:
        Problem: 403, the account cannot log in.
    """
    if user.disabled_at is None and not user.is_unverified:
        return
    raise Problem(
        403,
        _("You cannot log in"),
        _("Your account at this site is disabled or not yet verified. Ask your administrator."),
        actions=(Action(_("Back to the login page"), url_for("login.new")),),
    )


def keep_provider_session(db: Session, row: LoginProvider, identity: UpstreamIdentity, user_id: UUID) -> None:
    """Store the session at the provider, for the session here that may follow."""
    made = ProviderSession(
        id=uuid4(),
        provider_id=row.id,
        user_id=user_id,
        issuer=identity.issuer,
        subject=identity.subject,
        provider_sid=identity.sid,
        created_at=now(),
    )
    if row.logs_out and identity.id_token:
        made.id_token = service(ProviderEncryptor).seal(identity.id_token.encode(), belongs_to=str(made.id))
    db.add(made)
    session[BEGUN] = made.id.hex


def attach_provider_session(db: Session, user_id: UUID, session_id: UUID) -> None:
    """The hook ``LoginCompleted``."""
    try:
        begun = UUID(session.pop(BEGUN, ""))
    except ValueError:
        return
    row, credential = db.get(ProviderSession, begun), credentials.find(db, session_id, kind="session")
    is_of_this_login = row is not None and row.sid is None and row.user_id == user_id
    if (
        row is None
        or credential is None
        or not is_of_this_login
        or now() - row.created_at > LIFETIME + timedelta(minutes=1)
    ):
        return
    row.sid = credential.sid
