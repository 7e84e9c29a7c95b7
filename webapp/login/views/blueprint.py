"""The blueprint of the login pages, and what they share: the client, services, re-authentication."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, request, session
from flask_login import current_user

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.accounts.roles import included_in
from webapp.guard import Principal
from webapp.login.client_familiarity import LiveSession, LoginClient
from webapp.login.flow import Attempt, LoginFlow
from webapp.login.second_step import SecondStep
from webapp.login.views import known_browser
from webapp.login.views.login_errors import credentials_invalid, session_ended
from webapp.sessions import cookie, lifecycle
from webapp.sessions.lifecycle import AlreadyEnded, Browser, SessionLifetimes, StartedSession
from webapp.web.registry import service
from webapp.web.transaction import db

bp = Blueprint("login", __name__)


def attempt(identifier: str, password: str) -> Attempt:
    """A login attempt of this browser."""
    return Attempt(identifier, password, login_client())


def login_client() -> LoginClient:
    """What identifies this browser: IP address, cookie of known browsers, session."""
    found: Principal = current_user
    is_session = found.is_authenticated and found.credential == "session"
    session = LiveSession(found.user_id, found.credential_id) if is_session else None
    return LoginClient(request.remote_addr, known_browser.marks(), session)


def principal_of(user: User, started: StartedSession) -> Principal:
    """The principal of a new session, for the rest of this request."""
    credential = started.credential
    return Principal(
        user_id=user.id,
        username=user.username,
        roles=included_in(db(), user.role),
        credential="session",
        credential_id=credential.id,
        expires_at=credential.expires_at,
        auth_time=credential.auth_time,
        amr=credential.amr,
        idle_at=credential.idle_at,
        time_zone=user.time_zone,
        theme=user.theme,
        language=user.language,
        closes_at=user.closes_at,
    )


def reauthenticate(principal: Principal, amr: str, *, auth_time: datetime | None = None) -> UUID:
    """Replace the session by one with a new proof and a new secret. Returns its new id.

    Args:
        amr: the methods (RFC 8176) that were just verified.
        auth_time: see ``sessions.lifecycle.confirm``.
    """
    user = user_queries.by_id(db(), principal.user_id)
    if user is None:
        raise credentials_invalid()
    try:
        started = lifecycle.confirm(db(), principal.credential_id, ends(), amr=amr, auth_time=auth_time)
    except AlreadyEnded as error:
        raise session_ended() from error
    cookie.store_session(started, principal_of(user, started), is_remembered=session.permanent, is_same_user=True)
    return started.credential.id


def unchanged(user: User) -> User:
    """The user, locked in the request's transaction, if the password that was verified is still theirs.

    Raises:
        Problem: 401 if the account was disabled or its password changed meanwhile.
    """
    account = user_queries.unchanged(db(), user)
    if account is None:
        raise credentials_invalid()
    return account


def browser() -> Browser:
    return Browser(request.headers.get("User-Agent", ""), request.remote_addr)


def flow() -> LoginFlow:
    return service(LoginFlow)


def second_step() -> SecondStep:
    return service(SecondStep)


def ends() -> SessionLifetimes:
    return service(SessionLifetimes)
