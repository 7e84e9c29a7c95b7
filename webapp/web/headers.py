"""Response headers of every response: content security policy, framing, HSTS, caching, expiry of the token."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from flask import Flask

from webapp.core.clock import NEVER
from webapp.web.bearer import PRESENTED, TOKEN_END

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PAGE = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# A response that is no page loads nothing, even if a browser opens it as one.
DATA = {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}


# For responses that depend on the caller: all but those marked "public".
PRIVATE = ("Cache-Control", "no-store"), ("Vary", "Accept, Accept-Language, Authorization, Cookie")


WARNING_DAYS = 7
"""Days before the expiry of a token from which on responses to it carry ``Token-Warning``."""


@lru_cache(4096)
def expiry_headers(ends_at: datetime, days_left: int) -> tuple[tuple[str, str], ...]:
    """``Token-Expires``, and in the last ``WARNING_DAYS`` also ``Token-Warning``."""
    if ends_at >= NEVER:
        return (("Token-Expires", "never"),)
    end = ("Token-Expires", ends_at.isoformat(timespec="seconds"))
    if days_left >= WARNING_DAYS:
        return (end,)
    left = f"{days_left} day{'' if days_left == 1 else 's'}" if days_left > 0 else "less than a day"
    return end, ("Token-Warning", f"This token ends in {left}; rotate or refresh it.")


class Headers:
    """WSGI middleware that adds the headers to every response, including errors that no view made.

    Args:
        hsts: value of ``Strict-Transport-Security`` (RFC 6797 §6.1); empty to not send it.
    """

    def __init__(self, app: "WSGIApplication", *, hsts: str) -> None:
        always = [*ALWAYS.items(), *([("Strict-Transport-Security", hsts)] if hsts else [])]
        self.app, self.page, self.data = app, [*always, *PAGE.items()], [*always, *DATA.items()]

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *failure: Any) -> Any:
            is_page, cached = False, None
            for name, value in headers:
                if name == "Content-Type":
                    is_page = value.startswith("text/html")
                elif name == "Cache-Control":
                    cached = value
            headers.extend(self.page if is_page else self.data)
            credential = environ.get(PRESENTED)
            if credential is not None and credential.is_in_query:
                # The URL holds a token, so no cache may store the response (RFC 6750 §2.3).
                headers[:] = [entry for entry in headers if entry[0] != "Cache-Control"]
                headers.append(("Cache-Control", "private, no-store"))
                cached = "private"
            if (end := environ.get(TOKEN_END)) is not None:
                headers.extend(expiry_headers(*end))
            if cached is None:
                headers.append(PRIVATE[0])
            if cached is None or "public" not in cached:
                headers.append(PRIVATE[1])
            return start_response(status, headers, *failure)

        return self.app(environ, start)


def init_app(app: Flask) -> None:
    app.wsgi_app = Headers(app.wsgi_app, hsts=app.config["HSTS"])  # type: ignore[method-assign]
