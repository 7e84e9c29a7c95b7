"""routes(): all routes of an application with their requirements, for commands, pages and OpenAPI."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from flask import Flask
from werkzeug.routing import Rule

from webapp.guard.assurance import Level
from webapp.guard.policy import Requirement
from webapp.guard.require import check_rules, requirement_of
from webapp.web.registry import services_of

# Methods that every route answers without declaring them.
BY_ITSELF = {"HEAD", "OPTIONS"}
BUILT_IN = __name__.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Route:
    """A route of the application with its requirement.

    A ``MethodView`` whose methods have different requirements is several routes with one path and endpoint.
    """

    methods: tuple[str, ...]
    path: str
    endpoint: str
    requirement: Requirement | None

    @property
    def by_session(self) -> str:
        """Who may use it with a session, in English words."""
        if self.requirement is None:
            return "nobody: no access rule"
        if self.requirement.is_public:
            if self.requirement.is_anonymous_only:
                return "only who is not logged in"
            return "everybody" if self.requirement.reads_cookies else "everybody, without cookie"
        if not self.requirement.reads_cookies:
            return "nobody"
        fresh = (
            f", confirmed in the last {int(self.requirement.fresh_within.total_seconds() // 60)} minutes"
            if self.requirement.fresh_within
            else ""
        )
        level = f", with {self.requirement.level.description}" if self.requirement.level > Level.ONE else ""
        nobody = "everybody unnamed, " if self.requirement.is_optional else ""
        return (
            nobody
            + (f"role {self.requirement.role}" if self.requirement.role else "any account")
            + level
            + fresh
            + self.requirement.ownership
        )

    @property
    def by_token(self) -> str:
        """Who may use it with a token, in English words."""
        if self.requirement is None:
            return "nobody: no access rule"
        if self.requirement.is_public:
            return "nobody" if self.requirement.is_anonymous_only else "everybody"
        if self.requirement.session:
            return "nobody"
        return (
            (self.requirement.scopes.words or "any token")
            + (f", role {self.requirement.role}" if self.requirement.role else "")
            + self.requirement.ownership
        )


@dataclass(frozen=True, slots=True)
class KnownRoutes:
    """Cache of ``routes``, as a service."""

    rules: int
    routes: tuple[Route, ...]


def routes(app: Flask) -> tuple[Route, ...]:
    """All routes, sorted by path."""
    rules = list(app.url_map.iter_rules())
    services = services_of(app)
    cached = services.find(KnownRoutes)
    # Rules can be added, but not changed or removed.
    if cached is None or cached.rules != len(rules):
        rules.sort(key=lambda rule: (rule.rule, sorted(rule.methods or ())))
        cached = KnownRoutes(len(rules), tuple(route for rule in rules for route in routes_of(app, rule)))
        services.replace(KnownRoutes)(cached)
    return cached.routes


def routes_of(app: Flask, rule: Rule) -> Iterator[Route]:
    """A ``Route`` for each requirement of a URL rule: one, unless its view is a ``MethodView``.

    Raises:
        TypeError: as ``check_rules``.
    """
    check_rules(app.view_functions[rule.endpoint])
    methods = sorted((rule.methods or set()) - BY_ITSELF)
    for requirement, group in groupby(methods, lambda method: requirement_of(app, rule.endpoint, method)):
        yield Route(tuple(group), rule.rule, rule.endpoint, requirement)


def guarded(app: Flask) -> Iterator[tuple[str, Requirement]]:
    """Method and path, such as "GET /dashboard", of each route that is not public, with its requirement."""
    for found in routes(app):
        if found.requirement is not None and not found.requirement.is_public:
            yield from ((f"{method} {found.path}", found.requirement) for method in found.methods)


def guarded_reads(app: Flask) -> Iterator[tuple[Route, Requirement]]:
    """Routes without variables that a token can read with GET, with their requirements."""
    for found in routes(app):
        is_plain = "GET" in found.methods and "<" not in found.path
        if (
            is_plain
            and found.requirement is not None
            and not found.requirement.is_public
            and not found.requirement.session
        ):
            yield found, found.requirement


def is_built_in(app: Flask, endpoint: str) -> bool:
    """Whether an endpoint belongs to this program, not to a plug-in or to the app that uses it."""
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    return blueprint is not None and blueprint.import_name.partition(".")[0] == BUILT_IN
