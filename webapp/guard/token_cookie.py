"""Before-request hook that accepts a token from a cookie, if ``TOKEN_LOCATIONS`` includes it."""

from flask import Flask, current_app, request
from flask.globals import request_ctx

from webapp.guard.require import requirement_of
from webapp.web import token_cookie
from webapp.web.bearer import PRESENTED, PresentedToken, presented, token_or_none


def use_token_cookie() -> None:
    """Use the token cookie if the request has no other token and the route accepts tokens; runs before the guard.

    Not for public and session-only routes: browsers send the cookie with every request.
    """
    if request.url_rule is None or presented() is not None:
        return
    requirement = requirement_of(current_app, request.url_rule.endpoint, request.method)
    if requirement is None or requirement.is_public or requirement.session or not requirement.reads_cookies:
        return
    if (text := token_cookie.presented_token()) is not None:
        request.environ[PRESENTED] = PresentedToken(token_or_none(text), is_ambient=True, is_in_cookie=True)
        request_ctx._session = current_app.session_interface.make_null_session(current_app)


def init_app(app: Flask) -> None:
    """Register the hook; called only if settings enable the cookie, so other sites do not spend time on it."""
    token_cookie.init_app(app)
    app.before_request(use_token_cookie)
