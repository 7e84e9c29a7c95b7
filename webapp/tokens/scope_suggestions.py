"""unneeded(): the scopes of a token that none of its recent requests needed; a pure function."""

from collections.abc import Iterable, Mapping

from webapp.credentials.usage_store import OTHER
from webapp.guard.token_grant import READS
from webapp.tokens.scopes import Catalogue, Scope


def unneeded(scopes: Iterable[str], uses: Mapping[str, int], requests: int, catalogue: Catalogue) -> list[str]:
    """The scopes that no request of the period needed.

    Args:
        uses: number of requests by route (method and URL rule) in the period.
        requests: number of all requests in the period; if some are missing in ``uses``, the result is empty.

    Returns:
        Unneeded scopes; never all of them, and none if the token was not used at all.
    """
    if not requests or sum(uses.values()) < requests or OTHER in uses:
        return []
    used = {as_read(resource) for resource in uses}
    found = [catalogue.scopes[name] for name in scopes if name in catalogue.scopes]
    idle = [scope.name for scope in found if not is_needed(scope, used)]
    return idle if len(idle) < len(found) else []


def is_needed(scope: Scope, used: set[str]) -> bool:
    return any(route.route in used for route in scope.routes)


def as_read(resource: str) -> str:
    method, _, rule = resource.partition(" ")
    if not rule.startswith("/"):
        # An app, which its scope opens with every method.
        return f"GET {rule}"
    return f"{READS.get(method, method)} {rule}"
