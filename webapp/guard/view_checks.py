"""unless_fresh(), unless_session(): checks within a view, where only some of its requests need them."""

from datetime import timedelta

from flask import Response

from webapp.core.clock import now
from webapp.guard import unauthenticated
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal


def unless_fresh(principal: Principal, within: timedelta) -> Response | None:
    """The step-up response if the last authentication is older than ``within``, else None; the form is saved."""
    need = Requirement(session=True, fresh_within=within)
    decision = decide(principal, need, now())
    return None if decision is Decision.ALLOW else unauthenticated.denied(principal, need, decision)


def unless_session(principal: Principal) -> Response | None:
    """The response of ``@require(session=True)`` to a token; None for a session."""
    if principal.credential == "session":
        return None
    return unauthenticated.denied(principal, Requirement(session=True), Decision.NEED_SESSION)
