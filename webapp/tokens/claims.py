"""Custom claims in issued tokens, from hooks of plug-ins."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from webapp.guard.token_grant import TokenGrant

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
HEADER_NAME = re.compile(r"x-[a-z-]{1,30}")
LONGEST_HEADER, MOST_HEADERS = 200, 5

# ``client_id`` is required (RFC 9068 §2.2); tokens that users create have no other client than this site.
CLIENT_ID = "latchkey"

ClaimsHook = Callable[[UUID, Sequence[str]], Mapping[str, object]]


class InvalidClaims(Exception):
    """A hook returned claims that are not allowed; the message is for its developer."""


def client_of(grant: TokenGrant | None) -> str:
    """The claim ``client_id`` of a token with this grant: of its app, or of this site."""
    return (grant and grant.client) or CLIENT_ID


def audience_of(grant: TokenGrant | None) -> str | None:
    """The other service that a token is for; None for this site.

    Raises:
        ValueError: there are several.
    """
    if grant is None or not grant.audiences:
        return None
    (audience,) = grant.audiences
    return audience


def gathered(
    hooks: Sequence[ClaimsHook], user_id: UUID, scopes: Sequence[str], own: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Call all hooks and merge the claims that they return with those of one token.

    Args:
        own: claims of one token alone.

    Raises:
        InvalidClaims
    """
    found: dict[str, object] = {}
    for hook in [*hooks, *([own_claims(own)] if own else [])]:
        more = dict(hook(user_id, scopes))
        if conflicts := sorted(more.keys() & (REGISTERED | found.keys())):
            raise InvalidClaims(f"{hook.__qualname__} must not set the reserved claims {', '.join(conflicts)}")
        found |= more
    if found and (size := size_of(found)) > LONGEST:
        raise InvalidClaims(f"custom claims can have at most {LONGEST} bytes in total, and these have {size}")
    return found


def own_claims(own: Mapping[str, object]) -> ClaimsHook:
    def claims(_user_id: UUID, _scopes: Sequence[str]) -> Mapping[str, object]:
        return own

    return claims


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Members for the header of one token.

    Raises:
        InvalidClaims: a name or value that verification would refuse, or that is too long.
    """
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise InvalidClaims(f"the name of a header must be x- and up to 30 lower-case letters, not {name[:50]}")
        if not (isinstance(value, str) and value.isprintable() and len(value) <= LONGEST_HEADER):
            raise InvalidClaims(f"the header {name} must be a text of at most {LONGEST_HEADER} printable characters")
    if len(headers) > MOST_HEADERS:
        raise InvalidClaims(f"a token can have at most {MOST_HEADERS} headers of its own")
    return dict(headers)


def size_of(claims: Mapping[str, object]) -> int:
    """Bytes of JSON.

    Raises:
        InvalidClaims
    """
    try:
        return len(json.dumps(claims, separators=(",", ":"), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InvalidClaims(f"claims must be JSON: {error}") from error
