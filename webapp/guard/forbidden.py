"""Problems for a known caller who is not allowed: the requirement that failed, and the URL where to fix it."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import current_app, request, url_for

from webapp.core.humanize import humanize
from webapp.core.translation import _, _l, _n, listed
from webapp.guard.access_checks import CheckedStep
from webapp.guard.curl_examples import link_for_another
from webapp.guard.policy import Requirement, bound_of
from webapp.guard.principal import Principal
from webapp.guard.token_grant import Bound, Call, TokenGrant
from webapp.guard.www_authenticate import challenge
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import kind_of
from webapp.web.problems import Action, Problem, RequirementStep

# Endpoints of higher layers.
HOME, EDIT = "dashboard.show", "tokens.edit"
MAX_NAMED = 10
"""Methods or paths that a refusal lists."""
OUT_OF = {
    "network": _l("The token can't be used from this network."),
    "method": _l("The token can't be used with this method."),
    "resource": _l("The token can't be used for this path."),
}


def roles_sentence(principal: Principal) -> str:
    names = listed(map(humanize, principal.roles))
    if not names:
        return _("You have no role.")
    return _n("Your role is %(roles)s.", "Your roles are %(roles)s.", len(principal.roles), roles=names)


def role_required(principal: Principal, requirement: Requirement, steps: Sequence[RequirementStep]) -> Problem:
    return Problem(
        403,
        _("You need the role %(role)s", role=humanize(requirement.role)),
        _("%(roles)s Ask an administrator of this site for access.", roles=roles_sentence(principal)),
        code="role_required",
        extra={"required": [requirement.role]},
        headers=challenge("role_required", requirement),
        steps=steps,
        actions=[Action(_("Back to the dashboard"), url_for(HOME))],
    )


def scope_required(principal: Principal, requirement: Requirement, steps: Sequence[RequirementStep]) -> Problem:
    if requirement.session:
        return Problem(
            403,
            _("This page does not accept tokens"),
            _("Log in with a browser to open it."),
            code="scope_required",
            extra={"required": ["session"]},
            headers=challenge("scope_required", requirement),
            steps=steps,
        )
    fix = link_for_another(with_missing(principal, requirement), principal.credential_id)
    choices = [group for group in requirement.scopes.unmet_by(principal.scopes) if len(group) > 1]
    missing = [group[0] for group in requirement.scopes.unmet_by(principal.scopes)]
    return Problem(
        403,
        _("The token lacks a permission"),
        lacking(missing, choices),
        code="scope_required",
        extra={"required": missing}
        | ({"any_of": [list(group) for group in choices]} if choices else {})
        | {"fix": current_app.config["ORIGIN"] + fix},
        actions=[Action(_("Create a token with it"), fix)],
        headers=challenge("scope_required", requirement),
        steps=steps,
    )


def with_missing(principal: Principal, requirement: Requirement) -> list[str]:
    """The scopes of a token, and those that it lacks; of alternatives the first."""
    missing = (group[0] for group in requirement.scopes.unmet_by(principal.scopes))
    return sorted(principal.scopes.union(missing))


def lacking(missing: Sequence[str], choices: Sequence[Sequence[str]]) -> str:
    """The sentence about scopes that a token lacks.

    Args:
        missing: of alternatives the first.
        choices: the alternatives.
    """
    if not choices:
        return _n(
            "The scope %(scope)s is required. Open the fix URL to create a token that has it.",
            "The scopes %(scope)s are required. Open the fix URL to create a token that has them.",
            len(missing),
            scope=listed(missing),
        )
    alternatives = [listed(group, style="or") for group in choices]
    others = [name for name in missing if not any(name in group for group in choices)]
    return _(
        "These scopes are required: %(scopes)s. Open the fix URL to create a token that has them.",
        scopes=listed([*others, *alternatives]),
    )


def token_limited(principal: Principal, requirement: Requirement, steps: Sequence[RequirementStep]) -> Problem:
    """Names the restriction that refused, and what it allows or saw; only who has the token gets this response.

    Allowed networks are not named: they would help somebody who has stolen the token.
    """
    bound = bound_of(principal, current_call()) or "resource"
    fix = url_for(EDIT, token_id=principal.credential_id)
    return Problem(
        403,
        _("The token's limits don't allow this"),
        " ".join([str(OUT_OF[bound]), allowed(principal, bound), _("Its owner can change the limits at the fix URL.")]),
        code="token_limited",
        extra={
            "required": [bound],
            "fix": current_app.config["ORIGIN"] + fix,
        },
        actions=[Action(_("Edit token"), fix)],
        headers=challenge("token_limited", requirement),
        steps=steps,
    )


def allowed(principal: Principal, bound: Bound) -> str:
    """What a restriction allows, or what it saw, as a sentence."""
    grant = principal.grant or TokenGrant()
    if bound == "network":
        return _("The request came from the IP address %(ip_address)s.", ip_address=request.remote_addr or "?")
    names = sorted(grant.methods if bound == "method" else grant.resources)
    more = len(names) - MAX_NAMED
    names_text = listed([*names[:MAX_NAMED], *([_n("%(num)s more", "%(num)s more", more)] if more > 0 else [])])
    if bound == "method":
        return _("It can be used with %(methods)s.", methods=names_text)
    return _("It can be used for %(paths)s.", paths=names_text)


def owner_required(_principal: Principal, requirement: Requirement, steps: Sequence[RequirementStep]) -> Problem:
    kind = kind_of("owner_required")
    return Problem(
        403,
        kind.title,
        kind.detail,
        code="owner_required",
        headers=challenge("owner_required", requirement),
        steps=steps,
        actions=[Action(_("Back to the dashboard"), url_for(HOME))],
    )


BUILDERS: dict[ProblemCode, Callable[[Principal, Requirement, Sequence[RequirementStep]], Problem]] = {
    "role_required": role_required,
    "owner_required": owner_required,
    "scope_required": scope_required,
    "token_limited": token_limited,
}


def too_often(retry_after: timedelta) -> Problem:
    """Problem 429 for a token over its own rate limit."""
    seconds = max(1, math.ceil(retry_after.total_seconds()))
    detail = _n(
        "The token has reached its limit of requests per minute. Try again in %(num)s second.",
        "The token has reached its limit of requests per minute. Try again in %(num)s seconds.",
        seconds,
    )
    return Problem(429, _("Too many requests"), detail, code="throttled", headers={"Retry-After": str(seconds)})


def current_call() -> Call:
    """Method, URL rule and IP address of this request, to be compared with the restrictions of its token."""
    return Call(request.method, str(request.url_rule), request.remote_addr)


def steps_of(checked: Sequence[CheckedStep]) -> list[RequirementStep]:
    """Access checks in the form that error pages show."""
    states = {True: "held", False: "missing", None: "idle"}
    return [RequirementStep(step.words, states[step.is_met]) for step in checked]
