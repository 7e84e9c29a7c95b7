"""BasePath: serves the site below the path of its base URL, whether or not the proxy strips that path."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import RequestRedirect

from webapp.web.application import decode_wsgi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class AmbiguousBasePath(Exception):
    """Two routes would have one URL; the message is that path."""


class BasePath:
    """WSGI middleware that moves the path of the base URL from ``PATH_INFO`` to ``SCRIPT_NAME`` (PEP 3333).

    Args:
        path: such as ``/login``.
        is_route: whether a path, as the routes see it, is one of theirs. Such a path has lost its prefix already: below
            ``/login``, a request for ``/login/second-step`` comes from a proxy that stripped ``/login``.
    """

    def __init__(self, app: "WSGIApplication", path: str, is_route: Callable[[str], bool]) -> None:
        self.app, self.path, self.is_route = app, path, is_route

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        requested = environ.get("PATH_INFO", "")
        if (requested + "/").startswith(self.path + "/") and not self.is_route(decode_wsgi(requested)):
            environ["PATH_INFO"] = requested[len(self.path) :] or "/"
        environ["SCRIPT_NAME"] = self.path
        return self.app(environ, start_response)


def is_route(app: Flask, path: str) -> bool:
    """Whether ``app`` has a route at ``path``, for any method."""
    try:
        app.url_map.bind("localhost").match(path)
    except RequestRedirect:
        return False
    except MethodNotAllowed:
        return True
    except HTTPException:
        return False
    return True


def init_app(app: Flask, path: str) -> None:
    """Serve the application below the path of its base URL.

    Args:
        path: of the base URL; empty: nothing is done.
    """
    if path:
        app.wsgi_app = BasePath(app.wsgi_app, path, lambda requested: is_route(app, requested))  # type: ignore[method-assign]


def check(app: Flask, path: str) -> None:
    """Check that each path means one route, stripped or not; to be called once all routes are registered.

    Raises:
        AmbiguousBasePath
    """
    if not path:
        return
    rules = (rule.rule for rule in app.url_map.iter_rules() if not rule.arguments and rule.rule != "/")
    if ambiguous := next((rule for rule in rules if is_route(app, path + rule)), None):
        raise AmbiguousBasePath(path + ambiguous)
