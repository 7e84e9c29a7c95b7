"""An access token in an HttpOnly cookie, and the CSRF cookie for double submit that belongs to it.

Only if ``TOKEN_LOCATIONS`` includes the cookie.
"""

from datetime import timedelta
from typing import NewType
from uuid import UUID

from flask import Flask, Response, after_this_request, current_app, request

from webapp.core.digests import derive, keyed
from webapp.web.cookies import cookie_attributes, prefixed
from webapp.web.registry import service, services_of
from webapp.web.unproxied import unproxied

TokenCookieKeys = NewType("TokenCookieKeys", list[bytes])
"""HMAC keys, the current one first, of the CSRF values; registered as a service if token cookies are enabled."""


def cookie_name() -> str:
    """Name of the token cookie."""
    return prefixed("access_token")


def csrf_name() -> str:
    """Name of the CSRF cookie."""
    return prefixed("csrf_access_token")


def presented_token() -> str | None:
    """The content of the token cookie; two cookies of this name are joined by a comma, which is no valid token."""
    return ",".join(request.cookies.getlist(cookie_name())) or None


def csrf_value(credential_id: UUID) -> str:
    """The CSRF value of this token, an HMAC: a value planted in the browser, or of another token, does not match."""
    return csrf_values(credential_id)[0]


def csrf_values(credential_id: UUID) -> list[str]:
    """The same with each secret key, the current one first: pages go on after a change of the key."""
    return [keyed(key, credential_id.hex) for key in service(TokenCookieKeys)]


def set_cookies(response: Response, token: str, credential_id: UUID, lifetime: timedelta) -> None:
    """Set the token cookie and its CSRF cookie on a response."""
    attributes = cookie_attributes() | {"max_age": lifetime, "samesite": "Strict"}
    response.set_cookie(cookie_name(), token, httponly=True, **attributes)
    response.set_cookie(csrf_name(), csrf_value(credential_id), **attributes)


def delete_cookies(response: Response) -> Response:
    """Delete both cookies with this response, if the request has them."""
    attributes = cookie_attributes() | {"samesite": "Strict"}
    # The token last: of several cookies deleted in one response, curl 7.88 removes only the last from its cookie file.
    for found, is_hidden in ((csrf_name(), False), (cookie_name(), True)):
        if found in request.cookies:
            response.delete_cookie(found, httponly=is_hidden, **attributes)
    return response


def delete_after_request() -> None:
    """Delete both cookies with the response to the current request, if token cookies are enabled."""
    if services_of(unproxied(current_app)).find(TokenCookieKeys) is not None:
        after_this_request(delete_cookies)


def init_app(app: Flask) -> None:
    """Enable token cookies."""
    keys = app.config["SECRET_KEY"], *app.config["SECRET_KEY_FALLBACKS"]
    services_of(app).provide(TokenCookieKeys)(TokenCookieKeys([derive(key, "token cookie") for key in keys]))
