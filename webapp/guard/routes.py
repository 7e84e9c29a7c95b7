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
    need: Requirement | None

    @property
    def by_session(self) -> str:
        """Who may use it with a session, in English words."""
        if self.need is None:
            return "nobody: no access rule"
        if self.need.is_public:
            if self.need.is_anonymous_only:
                return "only who is not logged in"
            return "everybody" if self.need.reads_cookies else "everybody, without cookie"
        if not self.need.reads_cookies:
            return "nobody"
        fresh = (
            f", confirmed in the last {int(self.need.fresh_within.total_seconds() // 60)} minutes"
            if self.need.fresh_within
            else ""
        )
        level = f", with {self.need.level.description}" if self.need.level > Level.ONE else ""
        nobody = "everybody unnamed, " if self.need.is_optional else ""
        return (
            nobody
            + (f"role {self.need.role}" if self.need.role else "any account")
            + level
            + fresh
            + self.need.ownership
        )

    @property
    def by_token(self) -> str:
        """Who may use it with a token, in English words."""
        if self.need is None:
            return "nobody: no access rule"
        if self.need.is_public:
            return "nobody" if self.need.is_anonymous_only else "everybody"
        if self.need.session:
            return "nobody"
        return (
            (self.need.scopes.words or "any token")
            + (f", role {self.need.role}" if self.need.role else "")
            + self.need.ownership
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
    for need, group in groupby(methods, lambda method: requirement_of(app, rule.endpoint, method)):
        yield Route(tuple(group), rule.rule, rule.endpoint, need)


def guarded(app: Flask) -> Iterator[tuple[str, Requirement]]:
    """Method and path, such as "GET /dashboard", of each route that is not public, with its requirement."""
    for found in routes(app):
        if found.need is not None and not found.need.is_public:
            yield from ((f"{method} {found.path}", found.need) for method in found.methods)


def guarded_reads(app: Flask) -> Iterator[tuple[Route, Requirement]]:
    """Routes without variables that a token can read with GET, with their requirements."""
    for found in routes(app):
        is_plain = "GET" in found.methods and "<" not in found.path
        if is_plain and found.need is not None and not found.need.is_public and not found.need.session:
            yield found, found.need


def is_built_in(app: Flask, endpoint: str) -> bool:
    """Whether an endpoint belongs to this program, not to a plug-in or to the app that uses it."""
    blueprint = app.blueprints.get(endpoint.rpartition(".")[0])
    return blueprint is not None and blueprint.import_name.partition(".")[0] == BUILT_IN
