"""``next``, if it stays on this site; and the way to the one spelling of an address."""

import re
from urllib.parse import quote, urlsplit

from flask import Response, current_app, redirect, request
from werkzeug.routing import RequestRedirect

# What may be there, rather than what may not: one slash, and a path and query of plain characters. In the path no
# second slash or backslash at the start, no encoded slash, nothing a browser or a proxy reads in another way. In the
# query any escape (RFC 3986 §3.4): it is never decoded on the way, and whose URL it holds is the page's business.
PLAIN = r"[A-Za-z0-9\-._~!$&'()*+,;=:@]"
SEGMENT = rf"(?:{PLAIN}|%(?![01]|2[fF]|5[cC]|7[fF])[0-9A-Fa-f]{{2}})"
ON_THIS_SITE = re.compile(rf"/(?:{SEGMENT}+(?:/{SEGMENT}+)*/?)?(?:\?(?:{PLAIN}|[/?]|%[0-9A-Fa-f]{{2}})*)?")
UNESCAPED = "/~!$&'()*+,;=:@"
"""Besides letters, digits and ``-._`` (RFC 3986 §3.3)."""
LONGEST = 3500
"""Characters; the cookie of a login that waits for its second step holds them within the 4,096 that browsers keep."""
LONGEST_QUOTED = 8000
"""Characters as a parameter of another URL, which has a limit of its own (``request_head.LONGEST_URL``)."""


def safe_path(target: str | None) -> str | None:
    """``target`` if it is a path on this site, else None."""
    if not target or not can_be_carried(target) or not ON_THIS_SITE.fullmatch(target):
        return None
    # "/." and "/.." mean another place to whoever resolves them first.
    if any(
        segment in (".", "..")
        for segment in target.partition("?")[0].replace("%2e", ".").replace("%2E", ".").split("/")
    ):
        return None
    return target


def can_be_carried(target: str) -> bool:
    """Whether ``target`` is short enough to be the ``next`` of another URL."""
    return len(target) <= LONGEST and len(quote(target, safe="", errors="replace")) <= LONGEST_QUOTED


def path_and_query() -> str:
    """What was requested, as a URL spells it: the query stays as it was sent, the path is escaped anew."""
    path, query = quote(request.path, safe=UNESCAPED), quote(request.query_string, safe=UNESCAPED + "?%")
    return f"{path}?{query}" if query else path


def here_again() -> str | None:
    """The page that is shown, as ``next`` leads back to it; None where only a form leads."""
    if request.method in ("GET", "HEAD"):
        # A token that somebody wrote into the address is not said again in the page.
        return request.path if "token" in request.args else path_and_query()
    routes = current_app.create_url_adapter(request)
    return request.path if routes is not None and routes.test(request.path, "GET") else None


def to_its_spelling(refusal: Exception | None) -> Response | None:
    """To where an address is spelt as its route is, as a path: Werkzeug would name the host that was asked for.

    None where there was nothing to correct.
    """
    if not isinstance(refusal, RequestRedirect):
        return None
    parts = urlsplit(refusal.new_url)
    path = "/" + parts.path.lstrip("/")
    return current_app.make_response(redirect(f"{path}?{parts.query}" if parts.query else path, refusal.code))
