"""explain(): the access checks of a requirement with their results, for error pages."""

from dataclasses import dataclass

from webapp.core.humanize import humanize
from webapp.core.translation import _, _l, _n
from webapp.guard.assurance import Level, level_of
from webapp.guard.policy import Decision, Requirement
from webapp.guard.principal import Principal

WANTED = {
    Level.TWO: _l("The user logged in with a second factor."),
    Level.PHISHING_RESISTANT: _l("The user logged in with a passkey."),
}
USED = {
    Level.ONE: _l("They used: one factor."),
    Level.TWO: _l("They used: a second factor."),
    Level.PHISHING_RESISTANT: _l("They used: a passkey."),
}


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """One access check: ``is_met`` is True if it passed, False if it failed, None if it was not reached."""

    words: str
    is_met: bool | None


def explain(principal: Principal | None, requirement: Requirement, decision: Decision) -> list[CheckedStep]:
    """All access checks of a requirement, in their order, with their results; for error pages."""
    steps = [(Decision.LOG_IN, _("The session or token is valid."))]
    if requirement.session:
        steps.append((Decision.NEED_SESSION, _("It is a browser session. This page does not accept tokens.")))
    elif principal is not None and principal.credential == "token":
        if principal.grant is not None and principal.grant.is_bounded:
            steps.append((Decision.OUT_OF_BOUNDS, _("The limits of the token allow this path, method and network.")))
        token_scopes = ", ".join(sorted(principal.scopes)) or _("none")
        required = requirement.scopes.translated
        sentence = (
            _("The token has the scope %(scope)s. It has: %(scopes)s.", scope=required, scopes=token_scopes)
            if len(requirement.scopes.names) < 2
            else _("The token has the scopes %(scope)s. It has: %(scopes)s.", scope=required, scopes=token_scopes)
        )
        steps.append((Decision.NEED_SCOPE, sentence))
    if requirement.role:
        roles = humanize(", ".join(principal.roles)) if principal else _("none yet")
        sentence = _(
            "The user has the role %(role)s. They have: %(roles)s.", role=humanize(requirement.role), roles=roles
        )
        steps.append((Decision.NEED_ROLE, sentence))
    if requirement.level > Level.ONE:
        used = USED[level_of(principal.amr)] if principal else _("They used: nothing yet.")
        steps.append((Decision.RAISE, f"{WANTED[requirement.level]} {used}"))
    if requirement.fresh_within and not (
        requirement.spares_tokens and principal is not None and principal.credential == "token"
    ):
        minutes = int(requirement.fresh_within.total_seconds() // 60)
        sentence = _n(
            "The user logged in or confirmed their identity in the last %(num)s minute.",
            "The user logged in or confirmed their identity in the last %(num)s minutes.",
            minutes,
        )
        steps.append((Decision.STEP_UP, sentence))
    order = [code for code, _words in steps]
    failed = order.index(decision) if decision in order else len(order)
    checked = [
        CheckedStep(words, True if place < failed else False if place == failed else None)
        for place, (_code, words) in enumerate(steps)
    ]
    if requirement.owner is not None:
        # Last, and known only if it was what refused: ``decide`` does not read objects.
        checked.append(CheckedStep(ownership_sentence(requirement), False if decision is Decision.NEED_OWNER else None))
    return checked


def ownership_sentence(requirement: Requirement) -> str:
    if requirement.owner_or_role is None:
        return _("It belongs to the user.")
    return _("It belongs to the user, or they have the role %(role)s.", role=humanize(requirement.owner_or_role))
