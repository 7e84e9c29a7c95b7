"""unless_session(): for views in which only some of what can be asked needs a session."""

from flask import Response

from webapp.guard import unauthenticated
from webapp.guard.policy import Decision, Requirement
from webapp.guard.principal import Principal


def unless_session(principal: Principal) -> Response | None:
    """The refusal for a token, the same as at routes that no token opens; None for a session."""
    if principal.credential == "session":
        return None
    return unauthenticated.denied(principal, Requirement(session=True), Decision.NEED_SESSION)
