"""refuse_unless_fresh(), refuse_unless_session(): checks within a view, where only some of its requests need them."""

from datetime import timedelta

from flask import Response

from webapp.core.clock import now
from webapp.guard import unauthenticated
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal


def refuse_unless_fresh(principal: Principal, within: timedelta) -> Response | None:
    """The step-up response if the last authentication is older than ``within``, else None; the form is saved."""
    requirement = Requirement(session=True, fresh_within=within)
    decision = decide(principal, requirement, now())
    return None if decision is Decision.ALLOW else unauthenticated.denied(principal, requirement, decision)


def refuse_unless_session(principal: Principal) -> Response | None:
    """The response of ``@require(session=True)`` to a token; None for a session."""
    if principal.credential == "session":
        return None
    return unauthenticated.denied(principal, Requirement(session=True), Decision.NEED_SESSION)
