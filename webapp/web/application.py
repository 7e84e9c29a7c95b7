"""Flask, with what does not change between requests asked once, and one URL for each UUID."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter, UUIDConverter

from webapp.web.chunked import BoundedRequest

MOST_HOSTS = 64


class CanonicalUUIDConverter(UUIDConverter):
    """``<uuid:…>`` in lower case alone, as ``url_for`` writes it, so that no resource has a second URL.

    Werkzeug's takes capital letters too. Another spelling is 404, as an unknown id is.
    """

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class BlueprintRequest(BoundedRequest):
    """Which blueprints a route belongs to does not change; Flask takes it from the endpoint three times a request."""

    @property
    def blueprints(self) -> list[str]:
        return blueprints_of(self.url_rule.endpoint) if self.url_rule is not None else []


@lru_cache(1024)
def blueprints_of(endpoint: str) -> list[str]:
    """The innermost first, as Flask has it."""
    parts = endpoint.split(".")[:-1]
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


class Application(Flask):
    """Two questions that Flask asks on every request, though their answers stay the same.

    Whether a view or hook is a coroutine; and what the host of the request is called in the form in which addresses
    are built: reading and checking it costs a tenth of a bare request.
    """

    request_class = BlueprintRequest

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._plain: set[Callable[..., Any]] = set()
        self._adapters: dict[tuple[str | None, ...], tuple[str, MapAdapter]] = {}
        super().__init__(*args, **kwargs)
        self.url_map.converters["uuid"] = CanonicalUUIDConverter

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if func in self._plain:
            return func
        ready = super().ensure_sync(func)
        if ready is func:
            self._plain.add(func)
        return ready

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Flask's own for a host that was not seen before; after that a copy of it with this request's path."""
        # An upgrade has a scheme of its own, and the list of trusted hosts may change: both are left to Flask.
        if request is None or "HTTP_UPGRADE" in request.environ or self.config["TRUSTED_HOSTS"] is not None:
            return super().create_url_adapter(request)
        environ = request.environ
        get = environ.get
        # All that Flask reads to name the host.
        host = environ["wsgi.url_scheme"], get("HTTP_HOST"), get("SERVER_NAME"), get("SERVER_PORT"), get("SCRIPT_NAME")
        if (known := self._adapters.get(host)) is None:
            return self._remembered(host, request)
        request.host, like = known
        return MapAdapter(
            self.url_map,
            like.server_name,
            like.script_name,
            like.subdomain,
            like.url_scheme,
            text(get("PATH_INFO", "/")),
            environ["REQUEST_METHOD"],
            text(get("QUERY_STRING", "")),
        )

    def _remembered(self, host: tuple[str | None, ...], request: Request) -> MapAdapter | None:
        adapter = super().create_url_adapter(request)
        if adapter is not None:
            if len(self._adapters) >= MOST_HOSTS:
                # Callers choose what they write there: who writes many may not fill the memory.
                self._adapters = {}
            self._adapters[host] = request.host, adapter
        return adapter


def text(value: str) -> str:
    """What PEP 3333 carries as Latin-1 is UTF-8; most of it is ASCII, which is the same in both."""
    return value if value.isascii() else value.encode("latin1").decode(errors="replace")
