"""Application: Flask with per-request work cached, and UUID converters that accept one spelling only."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, Request
from werkzeug.routing import MapAdapter, UUIDConverter

from webapp.web.async_views import run_async
from webapp.web.chunked import BoundedRequest
from webapp.web.template_globals import TemplateEnvironment

MAX_HOSTS = 512


class CanonicalUUIDConverter(UUIDConverter):
    """``<uuid:…>`` in lower case only, as ``url_for`` writes it, so that every resource has exactly one URL.

    Werkzeug's converter accepts capital letters too. Here they are 404, like an unknown id.
    """

    regex = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class BlueprintRequest(BoundedRequest):
    """Request whose ``blueprints`` are cached by endpoint: Flask computes them three times per request."""

    @property
    def blueprints(self) -> list[str]:
        return blueprints_of(self.url_rule.endpoint) if self.url_rule is not None else []


@lru_cache(1024)
def blueprints_of(endpoint: str) -> list[str]:
    """Names of the blueprints of an endpoint, the innermost first, as ``flask.Request.blueprints`` has them."""
    parts = endpoint.split(".")[:-1]
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


class Application(Flask):
    """Flask with two results cached that it computes on every request although they do not change.

    One is whether a view or hook is a coroutine function. The other is the URL adapter of the request's host: parsing
    and validating the host takes a tenth of the time of an empty request.
    """

    request_class = BlueprintRequest
    jinja_environment = TemplateEnvironment

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._plain: set[Callable[..., Any]] = set()
        self._adapters: dict[tuple[str | None, ...], tuple[str, MapAdapter]] = {}
        self.on_late_route: Callable[[], None] = lambda: None
        """Called after each route that is added to the finished application."""
        super().__init__(*args, **kwargs)
        self.url_map.converters["uuid"] = CanonicalUUIDConverter

    def add_url_rule(self, *args: Any, **kwargs: Any) -> None:
        super().add_url_rule(*args, **kwargs)
        self.on_late_route()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        if func in self._plain:
            return func
        ready = super().ensure_sync(func)
        if ready is func:
            self._plain.add(func)
        return ready

    def async_to_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return run_async(func)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """As ``Flask.create_url_adapter``, but only once per host; after that a copy with the path of this request."""
        # A WebSocket upgrade has another scheme, and the list of trusted hosts may change: both are left to Flask.
        if request is None or "HTTP_UPGRADE" in request.environ or self.config["TRUSTED_HOSTS"] is not None:
            return super().create_url_adapter(request)
        environ = request.environ
        get = environ.get
        # Everything that Flask derives the host from.
        host = environ["wsgi.url_scheme"], get("HTTP_HOST"), get("SERVER_NAME"), get("SERVER_PORT"), get("SCRIPT_NAME")
        if (host_and_adapter := self._adapters.get(host)) is None:
            return self._cache_adapter(host, request)
        request.host, cached = host_and_adapter
        return MapAdapter(
            self.url_map,
            cached.server_name,
            cached.script_name,
            cached.subdomain,
            cached.url_scheme,
            decode_wsgi(get("PATH_INFO", "/")),
            environ["REQUEST_METHOD"],
            decode_wsgi(get("QUERY_STRING", "")),
        )

    def _cache_adapter(self, host: tuple[str | None, ...], request: Request) -> MapAdapter | None:
        adapter = super().create_url_adapter(request)
        if adapter is not None:
            if len(self._adapters) >= MAX_HOSTS:
                # The Host header is the client's choice: many different ones must not fill the memory.
                self._adapters = {}
            self._adapters[host] = request.host, adapter
        return adapter


def decode_wsgi(value: str) -> str:
    """UTF-8 text from a WSGI string, which holds its bytes as Latin-1 (PEP 3333); ASCII is the same in both."""
    return value if value.isascii() else value.encode("latin1").decode(errors="replace")
