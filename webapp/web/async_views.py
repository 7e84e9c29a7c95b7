"""run_async(): calls a coroutine function in the thread of its request, for views and hooks that are ``async def``."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def run_async(function: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, R]:
    """Wrap a coroutine function as an ordinary one.

    Flask would take asgiref for this, which runs the coroutine in another thread than the request: a session of
    SQLAlchemy must not change threads. An event loop for each call costs half a millisecond.
    """

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        return asyncio.run(function(*args, **kwargs))

    return run
