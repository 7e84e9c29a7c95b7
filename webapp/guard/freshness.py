"""unless_fresh(): for views in which only some of what can be asked needs a fresh proof."""

from datetime import timedelta

from flask import Response

from webapp.core.clock import now
from webapp.guard import unauthenticated
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal


def unless_fresh(principal: Principal, within: timedelta) -> Response | None:
    """What is answered to somebody whose last proof is too old; the form they sent is kept until they have one."""
    need = Requirement(session=True, fresh_within=within)
    decision = decide(principal, need, now())
    return None if decision is Decision.ALLOW else unauthenticated.denied(principal, need, decision)
