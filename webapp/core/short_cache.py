"""short_cache(): lru_cache for functions of a text from a request, which keeps no long ones."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Result = TypeVar("Result")

LONGEST = 200
"""Characters of a text whose result is kept."""


def short_cache(size: int) -> Callable[[Callable[[str], Result]], Callable[[str], Result]]:
    """Keep the results of a function for the last texts of up to ``LONGEST`` characters.

    Anybody could fill the memory of a process with long ones: 4,096 paths of 8 kB are 32 MiB.

    Args:
        size: how many results are kept.
    """

    def decorate(function: Callable[[str], Result]) -> Callable[[str], Result]:
        cached = lru_cache(size)(function)

        @wraps(function)
        def result(text: str) -> Result:
            return cached(text) if len(text) <= LONGEST else function(text)

        return result

    return decorate
