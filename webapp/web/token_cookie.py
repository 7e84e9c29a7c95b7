"""A token in a cookie that scripts of a page cannot read, and beside it the value that each change has to repeat."""

from datetime import timedelta
from typing import NewType
from uuid import UUID

from flask import Flask, Response, after_this_request, current_app, request

from webapp.core.digests import derive, keyed
from webapp.web.registry import service, services_of
from webapp.web.unproxied import unproxied

# Its CSRF values are keyed with it.
TokenCookieKey = NewType("TokenCookieKey", bytes)


def name() -> str:
    return "__Host-access_token" if current_app.config["SESSION_COOKIE_SECURE"] else "access_token"


def csrf_name() -> str:
    return "__Host-csrf_access_token" if current_app.config["SESSION_COOKIE_SECURE"] else "csrf_access_token"


def brought() -> str | None:
    """What came in the cookie; two of one name are as doubtful as two tokens in one header, and read as none."""
    return ",".join(request.cookies.getlist(name())) or None


def csrf_of(credential_id: UUID) -> str:
    """The value for this token alone: one that was planted, or belongs to another token, is worth nothing."""
    return keyed(service(TokenCookieKey), credential_id.hex)


def keep(response: Response, token: str, credential_id: UUID, lifetime: timedelta) -> None:
    kept = {"max_age": lifetime, "secure": current_app.config["SESSION_COOKIE_SECURE"], "samesite": "Strict"}
    response.set_cookie(name(), token, httponly=True, **kept)
    response.set_cookie(csrf_name(), csrf_of(credential_id), **kept)


def clear(response: Response) -> Response:
    kept = {"secure": current_app.config["SESSION_COOKIE_SECURE"], "samesite": "Strict"}
    # The token last: of several that are taken out at once, curl 7.88 keeps all but the last in its file.
    for found, is_hidden in ((csrf_name(), False), (name(), True)):
        if found in request.cookies:
            response.delete_cookie(found, httponly=is_hidden, **kept)
    return response


def drop() -> None:
    """Take it out of the browser with the answer to this request, if it is there."""
    if services_of(unproxied(current_app)).find(TokenCookieKey) is not None:
        after_this_request(clear)


def init_app(app: Flask) -> None:
    services_of(app).provide(TokenCookieKey)(TokenCookieKey(derive(app.config["SECRET_KEY"], "token cookie")))
