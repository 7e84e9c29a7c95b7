"""challenge(): the ``WWW-Authenticate`` header of a refusal (RFC 6750 §3, RFC 9470 §3, RFC 9449 §7.1)."""

from webapp.core.dpop import ALGS
from webapp.guard.assurance import Level
from webapp.guard.dpop_binding import KeyNotProven
from webapp.guard.policy import Requirement
from webapp.guard.principal import NotAccepted
from webapp.web.bearer import presented, realm
from webapp.web.problem_codes import ProblemCode

# The error codes of RFC 6750 §3.1 and RFC 9470 §3; our own code is in ``error_description``.
ERRORS: dict[ProblemCode, str] = {
    "token_expired": "invalid_token",
    "token_invalid": "invalid_token",
    "token_revoked": "invalid_token",
    "session_ended": "invalid_token",
    "scope_required": "insufficient_scope",
    "role_required": "insufficient_scope",
    "owner_required": "insufficient_scope",
    "token_limited": "insufficient_scope",
    "step_up_required": "insufficient_user_authentication",
    "mfa_required": "insufficient_user_authentication",
}


def challenge(code: ProblemCode, requirement: Requirement, *, refused: NotAccepted | None = None) -> dict[str, str]:
    """The header for a refusal.

    Args:
        refused: the exception, if the credential was not accepted.
    """
    presented_token, unproven = presented(), refused if isinstance(refused, KeyNotProven) else None
    is_dpop = unproven is not None or (presented_token is not None and presented_token.is_dpop)
    error = unproven.error if unproven else ERRORS[code]
    parts = [realm("DPoP" if is_dpop else "Bearer"), f'error="{error}"', f'error_description="{code}"']
    if code == "scope_required" and not requirement.session:
        # All of these are needed (RFC 6750 §3), so of alternatives only one is named.
        parts.append(f'scope="{" ".join(requirement.scopes.sufficient())}"')
    if code in ("step_up_required", "mfa_required"):
        # What the next authentication has to satisfy (RFC 9470 §3).
        parts += [f'acr_values="{requirement.level.acr}"'] if requirement.level > Level.ONE else []
        parts += [f"max_age={int(requirement.fresh_within.total_seconds())}"] if requirement.fresh_within else []
    if is_dpop:
        parts.append(f'algs="{ALGS}"')
    return {"WWW-Authenticate": ", ".join(parts)}
