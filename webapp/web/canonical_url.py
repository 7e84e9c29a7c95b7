"""redirect_to_base_url(): a page opened at another URL of the site, such as its IP address, is opened at the base URL.

Cookies and forms work at the base URL only. A proxy may hide from us at which URL a page was opened; then the redirect
would lead here again, and never end. So it sets a cookie: a browser that comes back with it gets the page, and one
without it gets a page that names the URL.
"""

import time
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask, Request, Response, current_app, redirect

from webapp.core.translation import _
from webapp.web.cookies import cookie_attributes, prefixed
from webapp.web.negotiation import is_browser
from webapp.web.problems import Action, Problem, problem_response
from webapp.web.proxy import CLIENT_HOST, CLIENT_SCHEME
from webapp.web.redirects import path_and_query
from webapp.web.registry import service, services_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

COOKIE = "redirected"
COMES_BACK = 10
"""Seconds within which a redirect that leads here again does so."""
MOST_REMEMBERED = 1024
PORTS = {"http": ":80", "https": ":443"}


class BaseUrl:
    """The base URL, compared with that of a request; and the redirects of the last seconds.

    Args:
        url: of the site, as in the settings.
        may_be_proxied: False if the server itself answers at ``url``, so that no redirect can lead back here.
    """

    def __init__(self, url: str, *, may_be_proxied: bool) -> None:
        parts = urlsplit(url)
        self.url, self.scheme, self.host = url, parts.scheme, parts.netloc
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.may_be_proxied = may_be_proxied
        self._redirected: OrderedDict[tuple[str | None, str], float] = OrderedDict()

    def is_of(self, environ: "WSGIEnvironment") -> bool:
        """Whether the request was sent to the base URL, as far as is known."""
        if environ.get(CLIENT_SCHEME, self.scheme) != self.scheme:
            return False
        host = environ.get(CLIENT_HOST) or environ.get("HTTP_HOST") or self.host
        return host == self.host or host.lower().removesuffix(PORTS[self.scheme]) == self.host

    def is_repeated(self, client: str | None, path: str) -> bool:
        """Whether this client was redirected from here a moment ago; notes it for the next time."""
        key, moment = (client, path), time.monotonic()
        former = self._redirected.pop(key, None)
        self._redirected[key] = moment
        if len(self._redirected) > MOST_REMEMBERED:
            self._redirected.popitem(last=False)
        return former is not None and moment - former < COMES_BACK


def redirect_to_base_url(current: Request) -> Response | None:
    """The redirect, for a page that a browser opened elsewhere; None to answer the request as usual."""
    # Most scripts are recognised here, at once.
    if "html" not in current.environ.get("HTTP_ACCEPT", "").lower():
        return None
    base = service(BaseUrl)
    if base.is_of(current.environ) or current.method not in ("GET", "HEAD") or not is_browser():
        return None
    if not base.may_be_proxied:
        return current_app.make_response(redirect(at_base_url(base)))
    if prefixed(COOKIE) in current.cookies:
        return None
    if base.is_repeated(current.remote_addr, path_and_query()):
        return problem_response(wrong_url(base))
    response = current_app.make_response(redirect(at_base_url(base)))
    response.set_cookie(prefixed(COOKIE), "1", max_age=COMES_BACK, httponly=True, samesite="Lax", **cookie_attributes())
    return response


def at_base_url(base: BaseUrl) -> str:
    """The requested path and query at the base URL."""
    return base.origin + path_and_query()


def wrong_url(base: BaseUrl) -> Problem:
    return Problem(
        400,
        _("This site is at %(url)s", url=base.url),
        _(
            "You opened it at another URL, or your browser accepts no cookies. Open the link below and allow cookies "
            "for this site."
        ),
        actions=[Action(_("Open %(url)s", url=base.url), at_base_url(base))],
    )


def init_app(app: Flask, url: str, *, may_be_proxied: bool) -> None:
    services_of(app).provide(BaseUrl)(BaseUrl(url, may_be_proxied=may_be_proxied))
