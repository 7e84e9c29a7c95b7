"""summary(): what a token can and cannot do, as sentences."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Literal

from webapp.core.clock import NEVER
from webapp.core.humanize import minute
from webapp.core.translation import _, _n, listed
from webapp.guard.token_grant import READS, TokenGrant
from webapp.tokens.scopes import READ, WRITE, Catalogue, Scope, ScopedRoute, displayed_path
from webapp.web.templating import number

MAX_LISTED = 4


def summary(grant: TokenGrant, expires_at: datetime, catalogue: Catalogue, *, zone: tzinfo = UTC) -> list[str]:
    """Sentences such as "Can read Reports until 14 March 2027, 12:00 UTC." and "Cannot change anything …"."""
    scopes = [catalogue.scopes[name] for name in sorted(grant.scopes) if name in catalogue.scopes]
    if not scopes:
        return [_("Can do nothing yet: no permission is chosen.")]
    useful = [scope for scope in scopes if opens_something(scope, grant)]
    if not useful:
        return [_("Can do nothing yet: its limits exclude everything that its permissions allow.")]
    limits = limits_of(grant)
    only = [_("Only %(limits)s.", limits=listed(limits))] if limits else []
    return [can(useful, grant, expires_at, zone), *only, cannot(useful)]


def opens_something(scope: Scope, grant: TokenGrant) -> bool:
    return not scope.routes or any(permits(route, grant) for route in scope.routes)


def permits(route: ScopedRoute, grant: TokenGrant) -> bool:
    """Whether the restrictions of a token permit a route."""
    is_method = not grant.methods or READS.get(route.method, route.method) in grant.methods
    return is_method and (not grant.resources or route.rule in grant.resources)


def can(scopes: Sequence[Scope], grant: TokenGrant, expires_at: datetime, zone: tzinfo) -> str:
    """The sentence about what a token can do."""
    actions, networks = listed(actions_of(scopes)), shortened(grant.networks, style="or")
    if expires_at >= NEVER:
        if networks:
            return _("Can %(actions)s until it is revoked, from %(networks)s.", actions=actions, networks=networks)
        return _("Can %(actions)s until it is revoked.", actions=actions)
    end = minute(expires_at.astimezone(zone))
    if networks:
        return _("Can %(actions)s until %(end)s, from %(networks)s.", actions=actions, end=end, networks=networks)
    return _("Can %(actions)s until %(end)s.", actions=actions, end=end)


def actions_of(scopes: Sequence[Scope]) -> list[str]:
    """What the scopes permit; reading and changing the same resource is one entry."""
    names = {scope.name for scope in scopes}
    both = {
        scope.resource_name for scope in scopes if {f"{scope.resource_name}:{verb}" for verb in (READ, WRITE)} <= names
    }
    return [
        _("read and change %(resource)s", resource=scope.title)
        if scope.resource_name in both and scope.verb == WRITE
        else scope.action
        for scope in scopes
        if not (scope.resource_name in both and scope.verb == READ)
    ]


def limits_of(grant: TokenGrant) -> list[str]:
    found = []
    if grant.methods:
        found.append(_("with %(methods)s", methods=listed(sorted(grant.methods))))
    if grant.resources:
        found.append(_("at %(paths)s", paths=shortened(map(displayed_path, sorted(grant.resources)))))
    if grant.per_minute is not None:
        found.append(_("up to %(count)s times a minute", count=number(grant.per_minute)))
    if grant.jkt is not None:
        found.append(_("with a proof made with its key"))
    return found


def cannot(scopes: Sequence[Scope]) -> str:
    """The sentence about what a token cannot do."""
    if all(scope.verb == "read" for scope in scopes):
        return _("Cannot change anything, create tokens or manage your account.")
    return _("Cannot create tokens or manage your account.")


def shortened(items: Iterable[str], style: Literal["standard", "or"] = "standard") -> str:
    found = list(items)
    if len(found) > MAX_LISTED:
        left = len(found) - MAX_LISTED + 1
        found = [*found[: MAX_LISTED - 1], _n("%(num)s more", "%(num)s more", left)]
    return listed(found, style=style)
