"""The pending login in the session cookie."""

from typing import Any

from flask import flash, redirect, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.accounts.models import User
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials
from webapp.login import pending_login
from webapp.login.pending_login import PendingLogin
from webapp.login.views.login_errors import sends_cookies
from webapp.web.bearer import realm
from webapp.web.negotiation import wants_page
from webapp.web.problems import Problem
from webapp.web.transaction import database

SESSION_KEY = "pending"


def store(pending: PendingLogin) -> None:
    """Put a pending login into the cookie."""
    session[SESSION_KEY] = pending_login.to_cookie(pending)


def forget() -> None:
    """Remove the pending login from the cookie, and end it, so that copies of the cookie are worthless."""
    content: Any = session.pop(SESSION_KEY, None)
    pending = pending_login.from_cookie(content) if content is not None else None
    if pending is not None:
        with database().write() as db:
            credentials.spend(db, pending.id)


def pending_login_and_user() -> tuple[PendingLogin, User] | None:
    """The pending login of this browser and its user, if the second step may still follow."""
    content: Any = session.get(SESSION_KEY)
    pending = pending_login.from_cookie(content) if content is not None else None
    if pending is None:
        return None
    # In a transaction of its own: attempts are counted before the request's transaction opens.
    with database().read() as db:
        user = pending_login.owner(db, pending)
    return (pending, user) if user is not None else None


def begin_again(target: str | None = None) -> ResponseReturnValue:
    """Redirect to the login, because the first step is missing or too old.

    Args:
        target: where to go after the login, if the form says so.
    """
    content: Any = session.get(SESSION_KEY)
    pending = pending_login.from_cookie(content) if content is not None else None
    forget()
    if not wants_page():
        raise Problem(
            401,
            _("Start with user name and password"),
            _("The first step is missing, or was more than 5 minutes ago. The code was not checked."),
            code="credentials_invalid",
            headers={"WWW-Authenticate": realm()},
        )
    target = target or (pending.next if pending else None)
    if not sends_cookies():
        return redirect(url_for("login.new", next=target, cookies=1), 303)
    if not current_user.is_authenticated:
        flash(_("Log in again. You entered your password more than 5 minutes ago."), "warn")
    # The login page redirects a user who was logged in meanwhile, in another tab.
    return redirect(url_for("login.new", next=target), 303)
