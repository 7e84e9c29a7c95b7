"""Claims of your own in every token that is minted: functions that are registered once and asked at each minting."""

import json
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

# What RFC 7519, 9068, 8693, 7800, 9470 and OpenID Connect give a meaning, and what readers take for authority.
REGISTERED = frozenset(
    {
        *("iss", "sub", "aud", "exp", "nbf", "iat", "jti", "typ", "kid", "client_id", "azp", "cnf", "act", "may_act"),
        *("auth_time", "acr", "amr", "nonce", "sid", "at_hash", "c_hash", "events"),
        *("scope", "scp", "role", "roles", "groups", "entitlements", "permissions", "restrictions"),
    }
)
# In bytes of JSON, all together: a long token is a slow one.
LONGEST = 1024

ClaimsHook = Callable[[UUID, Sequence[str]], Mapping[str, object]]


class ClaimsUnfit(Exception):
    """What a hook returned cannot be put into a token; the message is for whoever wrote it."""


def gathered(hooks: Sequence[ClaimsHook], user_id: UUID, scopes: Sequence[str]) -> dict[str, object]:
    """
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
