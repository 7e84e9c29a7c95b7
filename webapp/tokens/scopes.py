"""Catalogue of all scopes, with the routes that each opens and the roles that may grant it."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.core.humanize import humanize
from webapp.core.translation import _, _l, listed
from webapp.guard.assurance import Demands, Level
from webapp.guard.policy import Requirement
from webapp.guard.resources import Resource, resource
from webapp.guard.scope_rule import ScopeRule, rule_of

READ, WRITE = "read", "write"
NO_OTHERS = rule_of("")
# The default scope of @require(); in the catalogue even if no route uses it.
GENERAL = "resources:read"
resource("resources", _l("Other pages"), reads=_l("Open pages that need a login but no specific permission."))
# Opens no route: with it, exchanged tokens contain the roles of the user.
SHARE_ROLES = "roles:share"
resource(
    "roles",
    _l("Your roles"),
    share=_l("Tell other services which roles you have when the token is exchanged for them."),
)
VERBS = {"introspect": _l("introspect"), "rotate": _l("rotate"), "share": _l("share")}
"""Of this site's scopes that neither read nor write."""
ACTIONS = {
    SHARE_ROLES: _l("share your roles"),
    "self:rotate": _l("rotate this token"),
    "tokens:introspect": _l("introspect API tokens"),
}
"""What a token with such a scope may do, for scopes of this site that neither read nor write."""


@dataclass(frozen=True, slots=True)
class ScopedRoute:
    """A route that requires a scope."""

    route: str
    """Method and URL rule, such as "GET /tokens/<uuid:token_id>"."""
    role: str | None
    level: Level = Level.ONE
    others: ScopeRule = NO_OTHERS
    """The scopes that a token must have besides."""

    @property
    def method(self) -> str:
        return self.route.partition(" ")[0]

    @property
    def rule(self) -> str:
        return self.route.partition(" ")[2]

    @property
    def description(self) -> str:
        if self.others.groups:
            return _("%(path)s (with %(scopes)s)", path=displayed_path(self.route), scopes=self.others.translated)
        return displayed_path(self.route)

    def is_reached_by(self, roles: Sequence[str]) -> bool:
        return self.role is None or self.role in roles


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope, with the routes that it opens and its description."""

    name: str
    routes: tuple[ScopedRoute, ...]
    resource: Resource | None = None

    @property
    def resource_name(self) -> str:
        return self.name.partition(":")[0]

    @property
    def verb(self) -> str:
        return self.name.partition(":")[2]

    @property
    def title(self) -> str:
        """Title of its resource."""
        return str(self.resource.title) if self.resource else humanize(self.resource_name).capitalize()

    @property
    def label(self) -> str:
        """Label of its option in the scope picker."""
        return str(VERBS.get(self.verb) or self.verb.replace("_", " ").replace("-", " "))

    @property
    def is_hidden(self) -> bool:
        """Whether users who do not hold it do not learn of it."""
        return False

    @property
    def sentence(self) -> str:
        """What it permits, if its package describes it."""
        return str(self.resource.sentences.get(self.verb, "")) if self.resource else ""

    @property
    def action(self) -> str:
        """What a token with it may do, such as "change Reports"."""
        if self.name in ACTIONS:
            return str(ACTIONS[self.name])
        match self.verb:
            case "read":
                return _("read %(resource)s", resource=self.title)
            case "write":
                return _("change %(resource)s", resource=self.title)
            case verb:
                return f"{humanize(verb)} {self.title[:1].lower() + self.title[1:]}"

    def is_held_by(self, roles: Sequence[str]) -> bool:
        """Whether it opens any route to a user with these roles."""
        return not self.routes or any(route.is_reached_by(roles) for route in self.routes)

    def missing_role_sentence(self) -> str:
        required_roles = sorted({route.role for route in self.routes if route.role})
        roles = listed(map(humanize, required_roles), style="or")
        return _("You don't have this permission. It requires the role %(roles)s.", roles=roles)

    def descriptions_for(self, roles: Sequence[str]) -> list[str]:
        """Methods and paths that it opens to a user with these roles."""
        return [route.description for route in self.routes if route.is_reached_by(roles)]

    def summary_for(self, roles: Sequence[str]) -> str:
        return ", ".join(self.descriptions_for(roles)) or _("No pages yet.")


class ScopeNotHeld(Exception):
    """A scope does not exist, or opens nothing to the roles of the user."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = sorted(names)
        super().__init__(", ".join(self.names))


ScopesOf = Callable[[Session, UUID | None], Sequence[Scope]]
"""The scopes of apps, for one user."""


def no_others(_db: Session, _user_id: UUID | None) -> Sequence[Scope]:
    return ()


class Catalogue:
    """All scopes of routes by name; see ``for_user``."""

    def __init__(
        self,
        routes: Iterable[tuple[str, Requirement]],
        resources: Mapping[str, Resource] | None = None,
        further: ScopesOf = no_others,
    ) -> None:
        self._further = further
        by_scope: dict[str, list[ScopedRoute]] = {GENERAL: [], SHARE_ROLES: []}
        for route, requirement in routes:
            if not requirement.is_public and not requirement.session:
                for name in sorted(requirement.scopes.names):
                    others = requirement.scopes.besides(name)
                    scoped_route = ScopedRoute(route, requirement.role, requirement.level, others)
                    by_scope.setdefault(name, []).append(scoped_route)
        self.scopes = {
            name: Scope(name, tuple(found), (resources or {}).get(name.partition(":")[0]))
            for name, found in sorted(by_scope.items())
        }

    def for_user(self, db: Session, user_id: UUID | None = None) -> Self:
        """The same with the scopes of apps behind the reverse proxy, which are added and removed at run time.

        Args:
            user_id: who is to hold them; None only to describe them, or for what the roles of a user decide.
        """
        found = copy(self)
        further = {scope.name: scope for scope in self._further(db, user_id)}
        found.scopes = dict(sorted((further | self.scopes).items())) if further else self.scopes
        return found

    def held_by(self, roles: Sequence[str]) -> list[str]:
        return [name for name, scope in self.scopes.items() if scope.is_held_by(roles)]

    def check(self, names: Iterable[str], roles: Sequence[str]) -> frozenset[str]:
        """``names`` as a set, if a user with these roles may grant all of them.

        Raises:
            ScopeNotHeld: a token never reaches further than its owner.
        """
        requested, held_scopes = set(names), self.held_by(roles)
        if unknown := requested.difference(held_scopes):
            raise ScopeNotHeld(unknown)
        return frozenset(requested)

    def level_for(self, names: Iterable[str], demands: Demands) -> Level:
        """The assurance level that a user needs to issue a token with these scopes."""
        scopes = list(names)
        return max([demands.of_scopes(scopes), *(route.level for route in self.routes_of(scopes))])

    def routes_of(self, names: Iterable[str]) -> list[ScopedRoute]:
        """The routes that these scopes open."""
        scopes = frozenset(names)
        found = (route for name in sorted(scopes & self.scopes.keys()) for route in self.scopes[name].routes)
        return [route for route in found if route.others.is_met_by(scopes)]

    def uncovered(self, rules: Iterable[str], names: Iterable[str]) -> list[str]:
        """Those of ``rules`` that none of these scopes opens."""
        return sorted(set(rules) - {route.rule for route in self.routes_of(names)})

    def rules(self, roles: Sequence[str]) -> list[str]:
        """The URL rules that tokens of a user with these roles can open, with any scopes."""
        routes = self.routes_of(self.held_by(roles))
        return sorted({route.rule for route in routes if route.is_reached_by(roles)})


def displayed_path(rule: str) -> str:
    """A URL rule for display: "/tokens/…"."""
    return re.sub(r"<[^>]*>", "…", rule)
