"""The blueprint of forward-auth, and what its views share."""

from typing import Any
from urllib.parse import quote, urlsplit

from flask import Blueprint, Request, current_app

from webapp.core.translation import _
from webapp.forward_auth.checks import ForwardAuth
from webapp.forward_auth.original_request import NotReadable, canonical_host
from webapp.web.problems import Problem
from webapp.web.proxy import CLIENT_HOST, CLIENT_SCHEME, FROM_TRUSTED_PROXY
from webapp.web.registry import service
from webapp.web.wsgi_environ import REPEATED

bp = Blueprint("forward_auth", __name__)

OWN_PATH = "/.latchkey/"
"""Paths of every app's host that the proxy passes to this site."""
LONGEST_RETURN = 2000
"""Characters of path and query to which a login returns; others lead to the start page of the app."""


def forward_auth() -> ForwardAuth:
    return service(ForwardAuth)


def login_url(origin: str, target: str) -> str:
    """Where a browser logs in for a page of an app: at the host of the app, which sends it here and takes it back.

    Args:
        target: path and query of the page.
    """
    return_target = target if len(target) <= LONGEST_RETURN else "/"
    return f"{origin}{OWN_PATH}login?rd={quote(return_target, safe='/')}"


def site_url(path: str) -> str:
    """A path of this site as a URL."""
    base: str = current_app.config["ORIGIN"]
    return base + path


def scheme_of_site() -> str:
    """Also that of links to apps: no host says which it has."""
    origin: str = current_app.config["ORIGIN"]
    return urlsplit(origin).scheme


def app_origin(current: Request) -> tuple[str, str]:
    """Scheme and host of an app, of a request for ``OWN_PATH`` that the proxy passed on.

    Raises:
        Problem: 404, unless a trusted proxy sent it for the host of an app.
    """
    environ: dict[str, Any] = current.environ
    scheme, host = environ.get(CLIENT_SCHEME), environ.get(CLIENT_HOST) or environ.get("HTTP_HOST", "")
    repeated = environ.get(REPEATED) or ()
    if FROM_TRUSTED_PROXY in environ and scheme is not None and "HTTP_X_FORWARDED_HOST" not in repeated:
        try:
            host_name = canonical_host(host, scheme)
        except NotReadable:
            host_name = ""
        if host_name in forward_auth().table().by_host:
            return scheme, host_name
    raise Problem(
        404,
        _("App not found"),
        _("This page belongs to an app behind a reverse proxy, and this request did not come from one."),
    )
