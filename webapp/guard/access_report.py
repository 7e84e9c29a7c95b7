"""Which routes a role can open, and why, by the policy that decides every request."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from webapp.core.former_names import FormerNames, renamed
from webapp.core.humanize import humanize
from webapp.core.translation import _, _l, _n
from webapp.guard.assurance import Level
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal

NOBODY = UUID(int=0)
LEVELS = {
    Level.TWO: _l("Requires a second factor."),
    Level.PHISHING_RESISTANT: _l("Requires a passkey."),
}


@renamed(address="route")
class ReachableRoute(FormerNames, frozen=True):
    """One method of one path."""

    route: str
    """Method and URL rule, such as ``GET /protected``."""
    is_open: bool
    why: str
    """The requirement that decided, as a sentence."""
    scope: str | None
    """The scope with which a token of theirs may call it too; None if no token may."""
    address: str | None = None
    """Former name of `route`."""


def accessible_routes(
    routes: Iterable[tuple[str, Requirement]], role: str, closure: Sequence[str], *, at: datetime
) -> list[ReachableRoute]:
    """Evaluate every route for a session of a user with this role.

    Args:
        routes: method and path with the requirement, as ``guard.routes.guarded`` yields them.
        closure: all roles that ``role`` includes, itself too.
    """
    caller = Principal(
        user_id=NOBODY,
        username="",
        roles=tuple(closure),
        credential="session",
        credential_id=NOBODY,
        expires_at=at,
        auth_time=at,
        # The highest level, so that only roles decide and no missing second factor.
        amr="hwk user",
    )
    return [reachable_route(route, requirement, role, decide(caller, requirement, at)) for route, requirement in routes]


def reachable_route(route: str, requirement: Requirement, role: str, decision: Decision) -> ReachableRoute:
    is_open = decision is Decision.ALLOW
    return ReachableRoute(
        route,
        is_open,
        access_reason(requirement, role, is_open=is_open),
        None if requirement.session else requirement.scope,
    )


def access_reason(requirement: Requirement, role: str, *, is_open: bool) -> str:
    """The reason why a role may or may not call a route, as a sentence."""
    if requirement.role is None:
        found = _("Open to all accounts.")
    elif is_open and requirement.role != role:
        names = {"role": humanize(requirement.role), "including": humanize(role)}
        found = _("Requires the role %(role)s, which %(including)s includes.", **names)
    else:
        found = _("Requires the role %(role)s.", role=humanize(requirement.role))
    if is_open and requirement.owner is not None:
        addition = _("Only for what belongs to them.")
        found += f" {addition}"
    if is_open and requirement.level > Level.ONE:
        found += f" {LEVELS[requirement.level]}"
    if is_open and requirement.fresh_within is not None:
        minutes = int(requirement.fresh_within.total_seconds() // 60)
        addition = _n(
            "Requires confirmation in the last %(num)s minute.",
            "Requires confirmation in the last %(num)s minutes.",
            minutes,
        )
        found += f" {addition}"
    return found
