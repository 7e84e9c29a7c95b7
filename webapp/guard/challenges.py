"""The challenge that goes with a refusal (RFC 6750 §3, RFC 9470 §3)."""

from webapp.guard.policy import Requirement
from webapp.web.bearer import realm

# RFC 6750 §3.1 and RFC 9470 §3 have four words for all of it; ours goes into the description.
ERRORS = {
    "token_expired": "invalid_token",
    "token_invalid": "invalid_token",
    "token_revoked": "invalid_token",
    "session_ended": "invalid_token",
    "scope_required": "insufficient_scope",
    "role_required": "insufficient_scope",
    "token_limited": "insufficient_scope",
    "step_up_required": "insufficient_user_authentication",
}


def challenge(code: str, need: Requirement) -> dict[str, str]:
    parts = [realm(), f'error="{ERRORS[code]}"', f'error_description="{code}"']
    if code == "scope_required" and not need.session:
        parts.append(f'scope="{need.scope}"')
    if need.fresh_within and code == "step_up_required":
        parts.append(f"max_age={int(need.fresh_within.total_seconds())}")
    return {"WWW-Authenticate": ", ".join(parts)}
