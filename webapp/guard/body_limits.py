"""BodyLimits: how long the body of a request may be, decided from its headers before the body is read.

A view with ``@require(max_body=…)`` takes longer bodies than the setting allows, from callers whom it would let in.
"""

from io import BytesIO
from typing import Any

from flask import Flask, current_app
from flask.ctx import RequestContext

from webapp.core.clock import now
from webapp.core.db import Unavailable
from webapp.guard import login_manager, token_cookie
from webapp.guard.login_manager import Authenticators
from webapp.guard.own_authenticators import use_own_authenticator
from webapp.guard.policy import Decision, Requirement, decide
from webapp.guard.principal import NotAccepted
from webapp.guard.require import requirement_of
from webapp.guard.routes import routes
from webapp.guard.token_validation import validate_credential
from webapp.web.base_path import BasePath, is_route
from webapp.web.bearer import presented
from webapp.web.registry import service

LET_IN = {Decision.ALLOW, Decision.STEP_UP, Decision.RAISE}
"""Refused without reading the body are all others, whatever its length."""


class BodyLimits:
    """The largest body of each request, in bytes.

    Args:
        general: of all views without a limit of their own.
        base_path: path of the base URL.
    """

    def __init__(self, app: Flask, *, general: int, base_path: str) -> None:
        self.app, self.general = app, general
        self.find: Any = self.limit_of
        if base_path:
            self.find = BasePath(self.limit_of, base_path, lambda path: is_route(app, path))  # type: ignore[arg-type]

    @property
    def largest(self) -> int:
        limits = [
            route.requirement.max_body for route in routes(self.app) if route.requirement and route.requirement.max_body
        ]
        return max([self.general, *limits])

    def __call__(self, environ: dict[str, Any]) -> int:
        """The limit of a request; to be called in a thread, as it reads the row of the credential."""
        found: int = self.find(environ | {"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"}, None)
        return found

    def limit_of(self, environ: dict[str, Any], _start_response: None) -> int:
        with self.app.request_context(environ) as context:
            requirement = self.requirement_in(context)
            if requirement is None or requirement.max_body is None or requirement.max_body <= self.general:
                return self.general
            try:
                return requirement.max_body if is_authorized(requirement) else self.general
            except Unavailable:
                return self.general

    def requirement_in(self, context: RequestContext) -> Requirement | None:
        rule = context.request.url_rule
        return requirement_of(self.app, rule.endpoint, context.request.method) if rule is not None else None


def is_authorized(requirement: Requirement) -> bool:
    """Whether the caller of the current request would be let in, apart from what needs the body.

    Nothing counts as used, and a proof of DPoP is not checked: the guard does all that when the request is complete.
    """
    use_own_authenticator()
    if "cookie" in current_app.config["TOKEN_LOCATIONS"]:
        token_cookie.use_token_cookie()
    presented_token, authenticators = presented(), service(Authenticators)
    try:
        claim = (
            authenticators.by_session()
            if presented_token is None
            else login_manager.credential_of(authenticators, presented_token)
        )
        return claim is not None and decide(validate_credential(claim), requirement, now()) in LET_IN
    except NotAccepted:
        return False
