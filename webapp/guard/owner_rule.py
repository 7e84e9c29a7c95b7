"""refusal(): the response to callers to whom an object does not belong, by the function of ``@require(owner=…)``."""

from typing import Any
from uuid import UUID

from flask import Response, abort

from webapp.guard import unauthenticated
from webapp.guard.policy import Decision, Requirement
from webapp.guard.principal import Principal


def refusal(principal: Principal | None, requirement: Requirement, values: dict[str, Any]) -> Response | None:
    """The response to a caller who does not own an object; None for its owner, and for the role ``owner_or_role``.

    Args:
        values: of the variables in the URL.

    Raises:
        NotFound: there is no such object, or callers to whom it does not belong must not learn that there is.
        TypeError: the function returned neither an id nor None.
    """
    if requirement.owner is None or principal is None:
        return None
    owner_id = requirement.owner(**values)
    if owner_id is None:
        abort(404)
    if not isinstance(owner_id, UUID):
        # Text would equal no id, so that the view would be closed to everybody.
        raise TypeError(
            f"the owner function of {requirement} returned {type(owner_id).__name__} instead of a UUID or None"
        )
    if owner_id == principal.user_id or requirement.owner_or_role in principal.roles:
        return None
    if requirement.not_owner == 404:
        abort(404)
    return unauthenticated.denied(principal, requirement, Decision.NEED_OWNER)
