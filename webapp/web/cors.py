"""Cross-origin resource sharing (Fetch Standard §3.2): lets pages of named origins call this site with tokens.

Cookies never count across origins: without ``Access-Control-Allow-Credentials`` a browser neither sends them nor shows
the response to what was sent with them.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ALLOWED_HEADERS = "Authorization", "Content-Type", "DPoP"
CORS_HEADERS = "CORS_HEADERS"
"""Configuration key: a list of all headers that other origins may send."""
READABLE_HEADERS = "Location, Retry-After, Token-Expires, Token-Warning, WWW-Authenticate"
PREFLIGHT_AGE = "600"
"""Seconds for which a browser may keep a preflight."""


class Cors:
    """WSGI middleware: adds the CORS headers to every response to an allowed origin, refusals included."""

    def __init__(
        self, app: "WSGIApplication", origins: Iterable[str], allowed: Iterable[str] = ALLOWED_HEADERS
    ) -> None:
        """Keep the origins and headers that preflights allow.

        Args:
            origins: compared as strings with the header ``Origin``, such as ``https://app.example.org``.
            allowed: headers of requests; read for each preflight.
        """
        self.app, self.origins, self.allowed = app, frozenset(origins), allowed

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        origin = environ.get("HTTP_ORIGIN")
        is_preflight = environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ

        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            # Also for other origins: a cache must not give them what was made for this one.
            headers.append(("Vary", "Origin"))
            if origin in self.origins:
                headers.append(("Access-Control-Allow-Origin", origin))
                headers.extend(
                    preflight(headers, self.allowed)
                    if is_preflight
                    else [("Access-Control-Expose-Headers", READABLE_HEADERS)]
                )
            return start_response(status, headers, *failure)

        return self.app(environ, start)


def preflight(headers: list[tuple[str, str]], allowed: Iterable[str]) -> list[tuple[str, str]]:
    """What a preflight is answered, for a response that names the methods of the route in ``Allow``."""
    methods = next((value for name, value in headers if name == "Allow"), "")
    return [
        ("Access-Control-Allow-Methods", methods),
        ("Access-Control-Allow-Headers", ", ".join(allowed)),
        ("Access-Control-Max-Age", PREFLIGHT_AGE),
    ]


def init_app(app: Flask, origins: Iterable[str]) -> None:
    """Add CORS headers for pages of other origins.

    Args:
        origins: whose pages may call this site; none: no CORS header is sent.
    """
    app.config[CORS_HEADERS] = list(ALLOWED_HEADERS)
    if origins:
        app.wsgi_app = Cors(app.wsgi_app, origins, app.config[CORS_HEADERS])  # type: ignore[method-assign]
