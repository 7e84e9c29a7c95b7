"""summary(): what a token can and cannot do, in plain words; read off its authority and its end, and nothing else."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo

from webapp.core.clock import NEVER
from webapp.guard.token_grant import READS, TokenGrant
from webapp.tokens.scopes import Catalogue, Opening, Scope, plain

MOST_LISTED = 4


def summary(authority: TokenGrant, expires_at: datetime, catalogue: Catalogue, *, zone: tzinfo = UTC) -> list[str]:
    """Such as "Can read Reports until 14 March 2027, 12:00 UTC, from 10.0.0.0/8." and "Cannot change anything …"."""
    scopes = [catalogue.scopes[name] for name in sorted(authority.scopes) if name in catalogue.scopes]
    useful = [scope for scope in scopes if opens_something(scope, authority)]
    if not useful:
        return [
            "Can do nothing yet: "
            + ("its limits exclude everything that its permissions allow." if scopes else "no permission is chosen.")
        ]
    can = f"Can {listed(deeds(useful))} {until(expires_at, zone)}"
    if authority.networks:
        can += f", from {shortened(authority.networks, 'or')}"
    said = [f"{can}."]
    if bounds := bounds_of(authority):
        said.append(f"Only {listed(bounds)}.")
    return [*said, cannot(useful)]


def opens_something(scope: Scope, authority: TokenGrant) -> bool:
    return not scope.openings or any(keeps(opening, authority) for opening in scope.openings)


def keeps(opening: Opening, authority: TokenGrant) -> bool:
    is_method = not authority.methods or READS.get(opening.method, opening.method) in authority.methods
    return is_method and (not authority.resources or opening.rule in authority.resources)


def deeds(scopes: Sequence[Scope]) -> list[str]:
    """What reads and changes the same thing is said once."""
    names = {scope.name for scope in scopes}
    both = {scope.room for scope in scopes if {f"{scope.room}:read", f"{scope.room}:write"} <= names}
    said = [f"read and {scope.deed}" if scope.room in both else scope.deed for scope in scopes]
    return [
        words for words, scope in zip(said, scopes, strict=True) if not (scope.room in both and scope.verb == "read")
    ]


def until(expires_at: datetime, zone: tzinfo) -> str:
    if expires_at >= NEVER:
        return "until it is revoked"
    end = expires_at.astimezone(zone)
    return f"until {end.day} {end:%B %Y, %H:%M %Z}"


def bounds_of(authority: TokenGrant) -> list[str]:
    found = []
    if authority.methods:
        found.append(f"with {listed(sorted(authority.methods))}")
    if authority.resources:
        found.append(f"at {shortened(map(plain, sorted(authority.resources)), 'and')}")
    if authority.per_minute is not None:
        found.append(f"up to {authority.per_minute:,} times a minute")
    if authority.jkt is not None:
        found.append("with a proof made with its key")
    return found


def cannot(scopes: Sequence[Scope]) -> str:
    if all(scope.verb == "read" for scope in scopes):
        return "Cannot change anything, create tokens or manage your account."
    return "Cannot create tokens or manage your account."


def shortened(items: Iterable[str], word: str) -> str:
    found = list(items)
    if len(found) > MOST_LISTED:
        found = [*found[: MOST_LISTED - 1], f"{len(found) - MOST_LISTED + 1} more"]
    return listed(found, word)


def listed(items: Sequence[str], word: str = "and") -> str:
    *first, last = items
    return f"{', '.join(first)} {word} {last}" if first else last
