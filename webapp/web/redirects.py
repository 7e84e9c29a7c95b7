"""safe_path(): validates ``next`` against open redirects; redirects to a URL's canonical spelling or a form's page."""

import re
from urllib.parse import quote, urlsplit

from flask import Response, current_app, redirect, request
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.routing import RequestRedirect

from webapp.web.negotiation import prefers_html
from webapp.web.unproxied import unproxied

# A list of what is allowed, not of what is forbidden: one slash, then path and query of plain characters. In the path,
# no second slash or backslash at the start, no encoded slash, nothing that browsers and proxies interpret differently.
# In the query, any escape (RFC 3986 §3.4): it is not decoded on the way, and the page checks URLs that it contains.
PLAIN = r"[A-Za-z0-9\-._~!$&'()*+,;=:@]"
SEGMENT = rf"(?:{PLAIN}|%(?![01]|2[fF]|5[cC]|7[fF])[0-9A-Fa-f]{{2}})"
ON_THIS_SITE = re.compile(rf"/(?:{SEGMENT}+(?:/{SEGMENT}+)*/?)?(?:\?(?:{PLAIN}|[/?]|%[0-9A-Fa-f]{{2}})*)?")
UNESCAPED = "/~!$&'()*+,;=:@"
"""Characters that ``quote`` leaves alone, besides letters, digits and ``-._`` (RFC 3986 §3.3)."""
LONGEST = 3500
"""Characters; the cookie of a pending login contains ``next``, and browsers store at most 4,096 characters."""
LONGEST_QUOTED = 8000
"""Characters when percent-encoded as a parameter of another URL, whose limit is ``request_head.LONGEST_URL``."""


def safe_path(target: str | None) -> str | None:
    """``target`` if it is a path on this site, with or without query, else None (RFC 9700 §4.11)."""
    if not target or not fits_in_next(target) or not ON_THIS_SITE.fullmatch(target):
        return None
    # What is not below the path of the base URL is another site on the same host.
    base: str = current_app.config["BASE_PATH"] if current_app else ""
    if base and not f"{target.partition('?')[0]}/".startswith(f"{base}/"):
        return None
    # Browsers and proxies resolve "/." and "/.." to another path than the one that was checked.
    if any(
        segment in (".", "..")
        for segment in target.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")
    ):
        return None
    return target


def fits_in_next(target: str) -> bool:
    """Whether ``target`` is short enough to be the ``next`` parameter of another URL."""
    return len(target) <= LONGEST and len(quote(target, safe="", errors="replace")) <= LONGEST_QUOTED


def path_and_query() -> str:
    """The requested path and query as in a URL: the query as it was sent, the path percent-encoded again."""
    path, query = (
        quote(request.script_root + request.path, safe=UNESCAPED),
        quote(request.query_string, safe=UNESCAPED + "?%"),
    )
    return f"{path}?{query}" if query else path


def current_page_path() -> str | None:
    """The path of the current page, for ``next``; None if it cannot be opened with GET."""
    if request.method in ("GET", "HEAD"):
        # A token in the query must not be repeated in the page.
        return request.script_root + request.path if "token" in request.args else path_and_query()
    routes = current_app.create_url_adapter(request)
    is_page = routes is not None and routes.test(request.path, "GET")
    return request.script_root + request.path if is_page else None


def form_redirect(routing_error: Exception | None) -> Response | None:
    """Redirect a browser that opens the URL of a form to the page above it, where the form is: URLs without GET.

    Args:
        routing_error: ``request.routing_exception``.

    Returns:
        None if the method was allowed, or no page is above.
    """
    current = unproxied(request)
    if (
        not isinstance(routing_error, MethodNotAllowed)
        or current.method not in ("GET", "HEAD")
        or not prefers_html(current)
    ):
        return None
    routes, path = current_app.create_url_adapter(current), current.path
    while routes is not None and path.strip("/"):
        path = path.rpartition("/")[0]
        if path and routes.test(path, "GET"):
            return current_app.make_response(redirect(quote(request.script_root + path, safe=UNESCAPED), 303))
    return None


def canonical_redirect(routing_error: Exception | None) -> Response | None:
    """Redirect to the canonical spelling of a URL, such as one without a trailing slash.

    ``Location`` is a path: Werkzeug's own redirect contains the Host header, which the client chooses.

    Args:
        routing_error: ``request.routing_exception``.

    Returns:
        None if it is not a redirect.
    """
    if not isinstance(routing_error, RequestRedirect):
        return None
    parts = urlsplit(routing_error.new_url)
    path = "/" + parts.path.lstrip("/")
    return current_app.make_response(redirect(f"{path}?{parts.query}" if parts.query else path, routing_error.code))
