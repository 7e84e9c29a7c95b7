"""Where tokens may come in a cookie: it speaks at the addresses that a token opens, when nothing else does."""

from flask import Flask, current_app, request
from flask.globals import request_ctx

from webapp.guard.require import requirement_of
from webapp.web import token_cookie
from webapp.web.bearer import PRESENTED, Presented, presented, token_or_none


def speak() -> None:
    """Before the guard. Browsers send it everywhere: what is public, or for a session alone, is no business of it."""
    if request.url_rule is None or presented() is not None:
        return
    need = requirement_of(current_app, request.url_rule.endpoint)
    if need is None or need.is_public or need.session or not need.reads_cookies:
        return
    if (text := token_cookie.presented_token()) is not None:
        request.environ[PRESENTED] = Presented(token_or_none(text), is_ambient=True, is_in_cookie=True)
        request_ctx._session = current_app.session_interface.make_null_session(current_app)


def init_app(app: Flask) -> None:
    """Only where the setting names the cookie: elsewhere no request pays for it."""
    token_cookie.init_app(app)
    app.before_request(speak)
