"""decide(): whether a principal meets the requirement of a route, a pure function."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, Protocol, Self
from uuid import UUID

from webapp.guard.assurance import Demands, Level, level_of
from webapp.guard.audience import Audience
from webapp.guard.principal import Principal
from webapp.guard.scope_rule import ScopeRule, rule_of
from webapp.guard.token_grant import Bound, Call, exceeded
from webapp.web.problem_codes import ProblemCode


class OwnerLookup(Protocol):
    """Finds the owner of an object, a user or service account, by the variables of the URL; None if there is none."""

    def __call__(self, **values: Any) -> UUID | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What a route requires of its caller; made by ``@require`` and ``@public``."""

    is_public: bool = False
    is_anonymous_only: bool = False
    """Whether a public route refuses logged-in callers, such as a page to register."""
    is_optional: bool = False
    """Whether anonymous requests are allowed as well; a credential that is sent is still checked."""
    reads_cookies: bool = True
    """False for routes of scripts only: the session cookie is ignored, so no CSRF token is needed."""
    role: str | None = None
    scope: str = "resources:read"
    """The scopes that a token must have, as ``rule_of`` reads them; empty for any token. Sessions need none."""
    session: bool = False
    """Whether only sessions are accepted, no tokens."""
    fresh_within: timedelta | None = None
    """How old the last authentication (``auth_time``) may be."""
    spares_tokens: bool = False
    """Whether ``fresh_within`` applies to sessions only: a token with this scope was issued for this purpose."""
    level: Level = Level.ONE
    """Minimum assurance level of the session, or of the session that issued the token."""
    spares_level: bool = False
    """Whether the minimum level of a role does not apply: to pages where a second factor is set up, and to logout."""
    spares_closed: bool = False
    """Whether users who have closed their account are allowed: to reopen it, and to log out."""

    audience: Audience | None = None
    """Whom an app is for; None for everybody with an account."""

    scopes: ScopeRule = field(init=False, repr=False, compare=False)
    """``scope``, parsed."""
    owner: OwnerLookup | None = None
    """Finds the owner of the requested object. Called after all other checks, because it reads the object."""
    owner_or_role: str | None = None
    """A role with which a user counts as the owner of every object."""
    not_owner: Literal[403, 404] = 404
    """The status for everybody else; 404 does not reveal that the object exists."""
    token_in_query: bool = False
    """Whether GET requests may have their token in the URL, whatever the settings say."""
    is_audited: bool = False
    """Whether every request that is allowed is recorded in the audit log."""

    max_body: int | None = None
    """Largest body, in bytes; None for the limit of the settings."""

    words: str = field(init=False, repr=False, compare=False)
    """The requirement in English words, for commands, logs and OpenAPI; computed once."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scopes", rule_of(self.scope))
        object.__setattr__(self, "words", self._in_words())

    def raised_by(self, demands: Demands, principal: Principal) -> Self:
        """This requirement with the minimum levels that settings demand for the caller's roles and for its scope."""
        # Levels of roles apply to sessions only: a token has its own, narrower permissions.
        is_person = principal.credential == "session" and not self.spares_level
        of_role = demands.of_roles(principal.roles) if is_person else Level.ONE
        of_scope = Level.ONE if self.session or self.is_public else demands.of_scopes(self.scopes.names)
        required_level = max(self.level, of_role, of_scope)
        return self if required_level is self.level else replace(self, level=required_level)

    def is_too_old(self, principal: Principal, now: datetime) -> bool:
        if self.fresh_within is None or (self.spares_tokens and principal.credential == "token"):
            return False
        return now - principal.auth_time > self.fresh_within

    def __str__(self) -> str:
        return self.words

    def _in_words(self) -> str:
        if self.is_public:
            return "no login" if self.is_anonymous_only else "nothing"
        account = f"role {self.role}" if self.role else "any account"
        token = f"a token with {self.scopes.words}" if self.scope else "a token"
        how = "a session" if self.session else f"a session, or {token}" if self.reads_cookies else token
        level = f", with {self.level.description}" if self.level > Level.ONE else ""
        fresh = (
            f", confirmed in the last {int(self.fresh_within.total_seconds() // 60)} minutes"
            if self.fresh_within
            else ""
        )
        return f"{'nothing, or ' if self.is_optional else ''}{account}, by {how}{level}{fresh}{self.ownership}"

    @property
    def ownership(self) -> str:
        """The owner rule in English words; empty without one."""
        others = f" or role {self.owner_or_role}" if self.owner_or_role else ""
        return f", only the owner{others}" if self.owner is not None else ""


class Decision(StrEnum):
    """Result of ``decide``."""

    ALLOW = "allow"
    LOG_IN = "token_missing"
    NEED_SESSION = "session_required"
    OUT_OF_BOUNDS = "token_limited"
    NEED_SCOPE = "scope_required"
    NEED_ROLE = "role_required"
    NEED_OWNER = "owner_required"
    NEED_ANONYMOUS = "anonymous_required"
    RAISE = "mfa_required"
    STEP_UP = "step_up_required"
    CLOSED = "account_closed"


CODES: dict[Decision, ProblemCode] = {
    Decision.LOG_IN: "token_missing",
    # RFC 6750 has no error code for "no tokens accepted"; insufficient_scope is the closest.
    Decision.NEED_SESSION: "scope_required",
    Decision.OUT_OF_BOUNDS: "token_limited",
    Decision.NEED_SCOPE: "scope_required",
    Decision.NEED_ROLE: "role_required",
    Decision.NEED_OWNER: "owner_required",
    Decision.NEED_ANONYMOUS: "anonymous_required",
    Decision.RAISE: "mfa_required",
    Decision.STEP_UP: "step_up_required",
}
"""The ``code`` of the problem that answers a refusal; a closed account has a page and no code."""


def decide(principal: Principal | None, requirement: Requirement, now: datetime, call: Call | None = None) -> Decision:
    """Whether ``principal`` meets ``requirement`` at ``now``, or the first thing that is missing; no owner rule.

    Args:
        call: method, route and IP address, for the restrictions of a token; None to ignore these.
    """
    if requirement.is_public:
        is_refused = requirement.is_anonymous_only and principal is not None
        return Decision.NEED_ANONYMOUS if is_refused else Decision.ALLOW
    if principal is None:
        return Decision.ALLOW if requirement.is_optional else Decision.LOG_IN
    if principal.closes_at is not None and not requirement.spares_closed:
        return Decision.CLOSED
    if principal.credential == "token":
        if requirement.session:
            return Decision.NEED_SESSION
        if call is not None and bound_of(principal, call) is not None:
            return Decision.OUT_OF_BOUNDS
        # Of most views this is one scope, which needs no more than a comparison.
        if (
            requirement.scope
            and requirement.scope not in principal.scopes
            and not requirement.scopes.is_met_by(principal.scopes)
        ):
            return Decision.NEED_SCOPE
    if requirement.audience is not None and not requirement.audience.includes(principal):
        return Decision.NEED_ROLE
    if requirement.role is not None and requirement.role not in principal.roles:
        return Decision.NEED_ROLE
    if level_of(principal.amr) < requirement.level:
        return Decision.RAISE
    if requirement.is_too_old(principal, now):
        return Decision.STEP_UP
    return Decision.ALLOW


def bound_of(principal: Principal, call: Call) -> Bound | None:
    """The first restriction of the principal's token that a call violates; None if it violates none."""
    return exceeded(principal.grant, call) if principal.grant is not None else None
