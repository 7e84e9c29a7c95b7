"""enforce(): a requirement that only some requests of a view have, or that a ``before_request`` function decides."""

from flask import abort, g, request

from webapp.guard.policy import Requirement
from webapp.guard.principal import Principal
from webapp.guard.request_guard import refusal_for
from webapp.web.unproxied import unproxied


def enforce(requirement: Requirement) -> Principal:
    """The caller, if they meet a requirement; otherwise the request ends with the response that ``@require`` gives.

    That is the login page, a step-up or a problem. What the view has written is rolled back: refusals of changes have a
    status of 400 or above. The view has a rule of its own, which was checked before.

    Raises:
        HTTPException: with the response.
        Problem: 403 ``csrf_failed``, 429 ``throttled``.
        ValueError: the requirement allows requests without a caller.
    """
    if requirement.is_public or requirement.is_optional:
        raise ValueError(f"enforce() needs a requirement that somebody has to meet, not {requirement}")
    if (answer := refusal_for(unproxied(request), requirement)) is not None:
        abort(answer)
    found: Principal = g.principal
    return found
