"""ProblemCode: the ``code`` member of a problem, which clients compare; mypy refuses one that is misspelt."""

from typing import Literal

ProblemCode = Literal[
    "anonymous_required",
    "credentials_invalid",
    "csrf_failed",
    "mfa_required",
    "owner_required",
    "refresh_invalid",
    "refresh_reused",
    "role_required",
    "scope_required",
    "session_ended",
    "step_up_required",
    "throttled",
    "token_expired",
    "token_invalid",
    "token_limited",
    "token_missing",
    "token_revoked",
    "undeclared",
]
