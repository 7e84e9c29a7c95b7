"""on_refusal(): a function of a plug-in that replaces the response of the guard to a refused request."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, g
from flask.typing import ResponseReturnValue

KEPT_HEADERS = "WWW-Authenticate", "Retry-After"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that the guard has refused."""

    code: str
    """Why, as in the problem that a script gets, such as ``role_required``; ``account_closed`` has none there."""
    response: Response
    """What the caller gets otherwise: a redirect, a page or a problem."""

    @property
    def is_page(self) -> bool:
        """Whether the caller is a browser, rather than a script that gets a problem."""
        return self.response.mimetype != "application/problem+json"


RefusalHandler = Callable[[Refusal], ResponseReturnValue | None]


def on_refusal(blueprint: Blueprint) -> Callable[[RefusalHandler], RefusalHandler]:
    """Decorator factory: the function is called when the guard refuses a request to a view of the blueprint.

    What it returns is sent instead of the response of the guard, and None leaves that as it is. The view is not called
    in either case. A response that would look like success gets the status of the refusal: 401 if the caller should
    have been led to the login. ``WWW-Authenticate``, ``Retry-After`` and cookies are kept, and no cache may store it.
    """

    def register(handler: RefusalHandler) -> RefusalHandler:
        def answer(response: Response) -> Response:
            code: str | None = g.get("refused")
            returned = handler(Refusal(code, response)) if code is not None else None
            return response if returned is None else as_refusal(current_app.make_response(returned), response)

        blueprint.after_request(answer)
        return handler

    return register


def mark_refused(code: str) -> None:
    """Note that the response to this request is a refusal of the guard."""
    g.refused = code


def as_refusal(own: Response, refused: Response) -> Response:
    if own.status_code < 300:
        own.status_code = refused.status_code if refused.status_code >= 400 else 401
    for name in KEPT_HEADERS:
        if name in refused.headers:
            own.headers.setdefault(name, refused.headers[name])
    for cookie in refused.headers.getlist("Set-Cookie"):
        own.headers.add("Set-Cookie", cookie)
    own.headers["Cache-Control"] = "no-store"
    return own
