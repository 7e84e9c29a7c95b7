"""FirstLogin: the hook that logs a user in with the password that they have just chosen or proved."""

from typing import Protocol

from flask import Response, flash

from webapp.accounts.models import User
from webapp.web.negotiation import wants_page
from webapp.web.registry import service
from webapp.web.transaction import db


class FirstLogin(Protocol):
    """Hook: starts a session for a user whose password the request has shown; redirects to the dashboard."""

    def __call__(self, user: User, /) -> Response: ...


def log_in(user: User, message: str) -> Response:
    """Log a new user in, and show ``message`` on the next page."""
    db().flush()
    response = service(FirstLogin)(user)
    # Afterwards, because a new session forgets earlier messages.
    if wants_page():
        flash(message, "ok")
    return response
