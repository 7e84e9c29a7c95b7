"""unless_session(): refuses tokens from within a view, for views of which only some requests need a session."""

from flask import Response

from webapp.guard import unauthenticated
from webapp.guard.policy import Decision, Requirement
from webapp.guard.principal import Principal


def unless_session(principal: Principal) -> Response | None:
    """The response of ``@require(session=True)`` to a token; None for a session."""
    if principal.credential == "session":
        return None
    return unauthenticated.denied(principal, Requirement(session=True), Decision.NEED_SESSION)
