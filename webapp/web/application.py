"""Flask, with one question asked once."""

from collections.abc import Callable
from typing import Any

from flask import Flask


class Application(Flask):
    """Whether a function is a coroutine does not change; Flask asks it of every view and hook on every request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._plain: set[Callable[..., Any]] = set()
        super().__init__(*args, **kwargs)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if func in self._plain:
            return func
        ready = super().ensure_sync(func)
        if ready is func:
            self._plain.add(func)
        return ready
