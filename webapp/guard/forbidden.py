"""What is said to somebody known who may not: the requirement that failed, and where it is mended."""

import math
from collections.abc import Callable, Sequence
from datetime import timedelta

from flask import current_app, request, url_for

from webapp.core.humanize import in_words
from webapp.guard.curl_examples import link_for_another
from webapp.guard.policy import CheckedStep, Requirement, bound_of
from webapp.guard.principal import Principal
from webapp.guard.token_grant import Call
from webapp.guard.www_authenticate import challenge
from webapp.web.problem_codes import ProblemCode
from webapp.web.problems import Action, Problem, RequirementStep

# Doors above, by their names.
HOME, EDIT = "dashboard.show", "tokens.edit"
OUT_OF = {"network": "from this network", "method": "with this method", "resource": "for this path"}


def roles_sentence(principal: Principal) -> str:
    names = " and ".join(map(in_words, principal.roles))
    return f"Your role is {names}." if len(principal.roles) == 1 else f"Your roles are {names or 'none'}."


def role_required(principal: Principal, need: Requirement, pins: Sequence[RequirementStep]) -> Problem:
    return Problem(
        403,
        f"You need the role {in_words(need.role)}",
        f"{roles_sentence(principal)} Ask an administrator of this site for access.",
        code="role_required",
        extra={"required": [need.role]},
        headers=challenge("role_required", need),
        pins=pins,
        actions=[Action("Back to the dashboard", url_for(HOME))],
    )


def scope_required(principal: Principal, need: Requirement, pins: Sequence[RequirementStep]) -> Problem:
    if need.session:
        return Problem(
            403,
            "This page does not accept tokens",
            "Log in with a browser to open it.",
            code="scope_required",
            extra={"required": ["session"]},
            headers=challenge("scope_required", need),
            pins=pins,
        )
    fix = link_for_another(sorted(principal.scopes | {need.scope}), principal.credential_id)
    return Problem(
        403,
        "The token lacks a permission",
        f"The scope {need.scope} is required. Open the fix URL to create a token that has it.",
        code="scope_required",
        extra={"required": [need.scope], "fix": current_app.config["BASE_URL"] + fix},
        actions=[Action("Create a token with it", fix)],
        headers=challenge("scope_required", need),
        pins=pins,
    )


def token_limited(principal: Principal, need: Requirement, pins: Sequence[RequirementStep]) -> Problem:
    """Which of its bounds it was, but not where they lie: that is its owner's to read."""
    bound = bound_of(principal, current_call()) or "resource"
    fix = url_for(EDIT, token_id=principal.credential_id)
    return Problem(
        403,
        "The token's limits don't allow this",
        f"The token can't be used {OUT_OF[bound]}. Its owner can change the limits at the fix URL.",
        code="token_limited",
        extra={
            "required": [bound],
            "fix": current_app.config["BASE_URL"] + fix,
        },
        actions=[Action("Edit token", fix)],
        headers=challenge("token_limited", need),
        pins=pins,
    )


BUILDERS: dict[ProblemCode, Callable[[Principal, Requirement, Sequence[RequirementStep]], Problem]] = {
    "role_required": role_required,
    "scope_required": scope_required,
    "token_limited": token_limited,
}


def too_often(retry_after: timedelta) -> Problem:
    """A token that may be used so often a minute, once more than that."""
    seconds = max(1, math.ceil(retry_after.total_seconds()))
    detail = f"The token has reached its limit of requests per minute. Try again in {seconds} seconds."
    return Problem(429, "Too many requests", detail, code="throttled", headers={"Retry-After": str(seconds)})


def current_call() -> Call:
    """How this request asks, for the bounds of a token."""
    return Call(request.method, str(request.url_rule), request.remote_addr)


def pins_of(asked: Sequence[CheckedStep]) -> list[RequirementStep]:
    states = {True: "held", False: "missing", None: "idle"}
    return [RequirementStep(step.words, states[step.held]) for step in asked]
