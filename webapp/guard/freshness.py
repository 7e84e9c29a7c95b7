"""unless_fresh(): step-up from within a view, for views of which only some requests need a recent confirmation."""

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
