"""The routes: whether each says whom it lets in."""

from collections.abc import Iterator, Sequence

from webapp.cli.health_checks.finding import Finding, bad, ok
from webapp.guard.routes import Route


def declared(found: Sequence[Route]) -> Iterator[Finding]:
    silent = [route for route in found if route.need is None]
    for route in silent:
        yield bad("routes", f"{route.path} says nothing and answers nobody.", "Put @require or @public above its view.")
    if not silent:
        yield ok("routes", f"All {len(found)} say whom they let in.")
