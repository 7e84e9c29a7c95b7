"""Custom claims in issued tokens, from hooks of plug-ins."""

import json
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

# Claims defined by RFC 7519, 9068, 8693, 7800, 9470 and OpenID Connect, and those commonly read as permissions.
REGISTERED = frozenset(
    {
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "kid", "client_id", "azp", "cnf", "act", "may_act"),
        *("auth_time", "acr", "amr", "nonce", "sid", "at_hash", "c_hash", "events"),
        *("scope", "scp", "role", "roles", "groups", "entitlements", "permissions", "restrictions"),
    }
)
# Bytes of JSON of all custom claims, because the token is sent with every request.
LONGEST = 1024

ClaimsHook = Callable[[UUID, Sequence[str]], Mapping[str, object]]


class ClaimsUnfit(Exception):
    """A hook returned claims that are not allowed; the message is for its developer."""


def gathered(hooks: Sequence[ClaimsHook], user_id: UUID, scopes: Sequence[str]) -> dict[str, object]:
    """Call all hooks and merge the claims that they return.

    Raises:
        ClaimsUnfit
    """
    found: dict[str, object] = {}
    for hook in hooks:
        more = dict(hook(user_id, scopes))
        if taken := sorted(more.keys() & (REGISTERED | found.keys())):
            raise ClaimsUnfit(f"{hook.__qualname__} must not set the reserved claims {', '.join(taken)}")
        found |= more
    try:
        size = len(json.dumps(found, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ClaimsUnfit(f"claims must be JSON: {error}") from error
    if size > LONGEST:
        raise ClaimsUnfit(f"custom claims can have at most {LONGEST} bytes in total, and these have {size}")
    return found
