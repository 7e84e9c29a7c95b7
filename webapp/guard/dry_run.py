"""try_access(): what the guard would decide for a credential at a URL, without a request."""

from dataclasses import dataclass

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from webapp.core.clock import now
from webapp.guard.access_checks import explain
from webapp.guard.assurance import Demands
from webapp.guard.curl_examples import link_for_another
from webapp.guard.forbidden import EDIT, steps_of, with_missing
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import Principal
from webapp.guard.require import requirement_of
from webapp.guard.token_grant import METHODS, Call
from webapp.web.problems import RequirementStep
from webapp.web.registry import service


@dataclass(frozen=True, slots=True)
class DryRunResult:
    decision: Decision
    requirement: Requirement
    steps: list[RequirementStep]
    fix: str | None
    """Path of a page where the missing permission can be added."""


def try_access(principal: Principal, method: str, path: str, ip_address: str | None) -> DryRunResult | None:
    """Decide about a call without a request; None where no route has this path."""
    rule = rule_at(method, path)
    requirement = requirement_of(current_app, rule.endpoint, method) if rule else None
    if rule is None or requirement is None:
        return None
    requirement = requirement.raised_by(service(Demands), principal)
    decision = decide(principal, requirement, now(), Call(method, rule.rule, ip_address))
    return DryRunResult(
        decision,
        requirement,
        steps_of(explain(principal, requirement, decision)),
        fix(principal, requirement, decision),
    )


def rule_at(method: str, path: str) -> Rule | None:
    try:
        found: Rule = current_app.url_map.bind("localhost").match(path, method=method, return_rule=True)[0]
    except (HTTPException, RequestRedirect):
        return None
    return found


def rules_at(path: str, method: str | None) -> frozenset[str]:
    """The rules of this site's routes at a path, for one method or for any."""
    found = (rule_at(name, path) for name in ((method,) if method else METHODS))
    return frozenset(rule.rule for rule in found if rule is not None)


def fix(principal: Principal, requirement: Requirement, decision: Decision) -> str | None:
    """Path of the page where the owner of a token can add what is missing; None if there is none."""
    if decision is Decision.NEED_SCOPE:
        return link_for_another(with_missing(principal, requirement), principal.credential_id)
    if decision is Decision.OUT_OF_BOUNDS:
        return url_for(EDIT, token_id=principal.credential_id)
    return None
