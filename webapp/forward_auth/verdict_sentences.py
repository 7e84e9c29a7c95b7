"""verdict_sentence(): a decision of the check in words, with the rule and the requirement that led to it."""

from webapp.core.humanize import humanize
from webapp.core.translation import _, _l
from webapp.forward_auth.checks import Verdict
from webapp.guard.assurance import Level
from webapp.guard.policy import Decision
from webapp.guard.principal import Principal

ERRORS = {
    "session_ended": _l("The account is disabled, or cannot log in."),
    "token_revoked": _l("The token was revoked, or its owner is disabled."),
    "token_expired": _l("The token has expired."),
    "token_invalid": _l("The token is not accepted here."),
}


def is_open(verdict: Verdict) -> bool:
    """Whether the request is allowed; a token that is bound to a key only where the rule accepts its proof."""
    return verdict.is_allowed and not lacks_proof(verdict)


def lacks_proof(verdict: Verdict) -> bool:
    principal, rule = verdict.principal, verdict.rule
    bound = principal is not None and principal.grant is not None and principal.grant.jkt is not None
    return bound and rule is not None and not rule.accepts_dpop


def outcome_of(verdict: Verdict) -> str:
    """One word for programs: ``allow``, the code of the refusal, ``no_rule`` or ``network``."""
    if verdict.principal is not None and lacks_proof(verdict):
        return "token_bound"
    if verdict.decision is not None:
        return str(verdict.decision)
    if verdict.error is not None:
        return verdict.error.code
    return "network" if verdict.rule is not None else "no_rule"


def verdict_sentence(verdict: Verdict) -> str:
    """The outcome in one sentence."""
    rule, name = verdict.rule, verdict.principal.username if verdict.principal else ""
    if rule is None:
        return _("No rule allows it.")
    number = rule.number
    if verdict.error is not None:
        return str(ERRORS.get(verdict.error.code, verdict.error))
    if verdict.decision is None:
        return _("Rule %(number)s is not for this network.", number=number)
    if lacks_proof(verdict):
        return _("Rule %(number)s does not accept tokens that are bound to a key.", number=number)
    match verdict.decision:
        case Decision.ALLOW if verdict.principal is None:
            return _("Allowed by rule %(number)s without a login.", number=number)
        case Decision.ALLOW:
            return _("Allowed by rule %(number)s.", number=number)
        case Decision.LOG_IN:
            return _("Rule %(number)s needs a login. Pages redirect to the login page.", number=number)
        case Decision.NEED_SESSION:
            return _("Rule %(number)s accepts no API tokens.", number=number)
        case Decision.OUT_OF_BOUNDS:
            return _("The limits of the token exclude this path, method or network.")
        case Decision.NEED_SCOPE:
            scope = verdict.app.scope if verdict.app else ""
            return _("The token does not have the scope %(scope)s.", scope=scope)
        case Decision.NEED_ROLE:
            return missing_role(verdict, verdict.principal)
        case Decision.RAISE:
            return missing_level(verdict)
        case Decision.CLOSED:
            return _("The account of %(name)s is closed.", name=name)
    return _("Rule %(number)s refuses it.", number=number)


def missing_role(verdict: Verdict, principal: Principal | None) -> str:
    requirement, name = verdict.requirement, principal.username if principal else ""
    if (
        requirement is not None
        and requirement.audience is not None
        and principal
        and not requirement.audience.includes(principal)
    ):
        return _("The app is not for %(name)s.", name=name)
    role = humanize(requirement.role or "") if requirement else ""
    number = verdict.rule.number if verdict.rule else 0
    return _(
        "Rule %(number)s needs the role %(role)s, which %(name)s does not have.", number=number, role=role, name=name
    )


def missing_level(verdict: Verdict) -> str:
    number = verdict.rule.number if verdict.rule else 0
    if verdict.requirement is not None and verdict.requirement.level is Level.PHISHING_RESISTANT:
        return _("Rule %(number)s, or a setting, needs a login with a passkey.", number=number)
    return _("Rule %(number)s, or a setting, needs a login with a second factor.", number=number)
