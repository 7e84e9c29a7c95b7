"""RequestHead: limits on URL, headers, method and Host, checked before anything of them is parsed."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from webapp.web.bare_problem import bare_problem
from webapp.web.wsgi_environ import is_chunked

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_HEADERS = 8192
"""Characters of all header names and values together, as in the WSGI environ."""
CHECK_PATH = "/forward-auth"
HEADER_PREFIXES = ("HTTP_", "CONTENT_")
LARGEST_PROXIED_HEADERS = 32_768
"""The same for the check of a reverse proxy, which carries the URL and the cookies of an app."""
LONGEST_URL = 8192
"""Bytes of the decoded path and the query; RFC 9112 §3 recommends to accept at least 8,000."""
LONGEST_USER_AGENT = 512
"""Characters; the rest is cut off."""
HOST = re.compile(r"(?:[A-Za-z0-9._~%!$&'()*+;=-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
"""Host and port (RFC 3986 §3.2.2, §3.2.3), without the comma that joins two Host headers."""
METHODS = "GET, HEAD, OPTIONS, POST"
"""``Allow`` in the response to ``OPTIONS *`` (RFC 9110 §9.3.7)."""
BAD_REQUEST, HEADERS_TOO_LARGE, NOT_IMPLEMENTED, URL_TOO_LONG = 400, 431, 501, 414


class RequestHead:
    """WSGI middleware that refuses malformed or oversized request heads, and answers ``OPTIONS *``.

    414 for a long URL (RFC 9110 §15.5.15), 431 for large headers (RFC 6585 §5), 501 for a method not in capitals or an
    unknown transfer coding, 400 without exactly one valid Host. A long User-Agent is cut. After it, code that reads
    URL and headers in linear time needs no limit of its own.
    """

    def __init__(self, app: "WSGIApplication", base_url: str) -> None:
        self.app, self.base_url = app, base_url

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > LONGEST_URL:
            return self.refused(start_response, URL_TOO_LONG)
        # Together with what is no header, which takes half the time to tell; most requests stay below with it.
        texts = [value for value in environ.values() if type(value) is str]
        size = len("".join(environ)) + len("".join(texts))
        if size > LARGEST_HEADERS and header_size(environ) > largest_headers(environ):
            return self.refused(start_response, HEADERS_TOO_LARGE)
        # This site supports HTTP only and ignores other protocols (RFC 9110 §7.8); Werkzeug would answer 400.
        environ.pop("HTTP_UPGRADE", None)
        # Methods are case-sensitive (RFC 9110 §9.1), but Werkzeug reads "get" as GET.
        if not environ["REQUEST_METHOD"].isupper():
            return self.refused(start_response, NOT_IMPLEMENTED)
        host = environ.get("HTTP_HOST", "")
        # Required only since HTTP/1.1 (RFC 9112 §3.2). If it is missing, granian passes an empty one.
        if not (HOST.fullmatch(host) if host else environ["SERVER_PROTOCOL"] != "HTTP/1.1"):
            return self.refused(start_response, BAD_REQUEST)
        coding = environ.get("HTTP_TRANSFER_ENCODING")
        if coding is not None and not is_chunked(coding):
            return self.refused(start_response, NOT_IMPLEMENTED)
        if environ.get("PATH_INFO") == "*" and environ["REQUEST_METHOD"] == "OPTIONS":
            start_response("204 No Content", [("Allow", METHODS)])
            return []
        agent = environ.get("HTTP_USER_AGENT")
        if agent is not None and len(agent) > LONGEST_USER_AGENT:
            environ["HTTP_USER_AGENT"] = agent[:LONGEST_USER_AGENT]
        return self.app(environ, start_response)

    def refused(self, start_response: "StartResponse", status: int) -> Iterable[bytes]:
        """A JSON problem, for browsers too: the headers that would tell them from scripts were not checked."""
        problem = bare_problem(status, self.base_url)
        start_response(problem.status, problem.headers)
        return [problem.body]


def largest_headers(environ: "WSGIEnvironment") -> int:
    is_check = environ.get("PATH_INFO", "").endswith(CHECK_PATH)
    return LARGEST_PROXIED_HEADERS if is_check else LARGEST_HEADERS


def header_size(environ: "WSGIEnvironment") -> int:
    """Characters of all header names and values."""
    return sum(len(name) + len(value) for name, value in environ.items() if name.startswith(HEADER_PREFIXES))


def init_app(app: Flask) -> None:
    app.wsgi_app = RequestHead(app.wsgi_app, app.config["BASE_URL"])  # type: ignore[method-assign]
