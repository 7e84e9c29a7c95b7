"""Flask, with one question asked once, and one URL for each UUID."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.routing import UUIDConverter


class CanonicalUUIDConverter(UUIDConverter):
    """``<uuid:…>`` in lower case alone, as ``url_for`` writes it, so that no resource has a second URL.

    Werkzeug's takes capital letters too. Another spelling is 404, as an unknown id is.
    """

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Application(Flask):
    """Whether a function is a coroutine does not change; Flask asks it of every view and hook on every request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._plain: set[Callable[..., Any]] = set()
        super().__init__(*args, **kwargs)
        self.url_map.converters["uuid"] = CanonicalUUIDConverter

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if func in self._plain:
            return func
        ready = super().ensure_sync(func)
        if ready is func:
            self._plain.add(func)
        return ready
