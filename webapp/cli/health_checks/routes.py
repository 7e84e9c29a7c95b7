"""Check of the routes: whether each has @require or @public."""

from collections.abc import Iterator, Sequence

from webapp.cli.health_checks.finding import Finding, bad, ok
from webapp.guard.routes import Route


def declared(found: Sequence[Route]) -> Iterator[Finding]:
    undeclared = [route for route in found if route.requirement is None]
    for route in undeclared:
        yield bad(
            "routes",
            f"{route.path} has no access rule, so every request is refused.",
            "Put @require or @public above its view.",
        )
    if not undeclared:
        yield ok("routes", f"All {len(found)} routes have @require or @public.")
