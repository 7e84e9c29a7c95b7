"""Scenario: what people and scripts do whose requests are counted, with its routes and the names of its limits."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.without_valkey.site import Site


@dataclass(frozen=True)
class Scenario:
    name: str
    routes: frozenset[str]
    """Those whose requests are counted."""
    limits: frozenset[str]
    """All names under which they are."""
    play: Callable[[Site], None]


def counts(*routes: str, limits: str) -> Callable[[Callable[[Site], None]], Scenario]:
    """Make a scenario of a function.

    Args:
        limits: names, between spaces.
    """
    return lambda play: Scenario(play.__name__, frozenset(routes), frozenset(limits.split()), play)
