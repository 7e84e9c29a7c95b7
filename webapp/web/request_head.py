"""Bounds on the head of a request, before anything in it is parsed."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4

from flask import Flask

from webapp.web.problem_kinds import WORDS, phrase_of, slug_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LARGEST_HEADERS = 8192
"""Characters, of all header values together."""
LONGEST_USER_AGENT = 512
STATUS = 431


class RequestHead:
    """WSGI middleware: 431 for headers that are too large (RFC 6585 §5), and a User-Agent of bounded length.

    What reads headers further in may therefore take any time that is linear in 8 kB.
    """

    def __init__(self, app: "WSGIApplication", base_url: str) -> None:
        self.app, self.kind = app, f"{base_url}/problems/{slug_of(None, STATUS)}"

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if len("".join([value for name, value in environ.items() if name.startswith("HTTP_")])) > LARGEST_HEADERS:
            return self.refused(start_response)
        agent = environ.get("HTTP_USER_AGENT")
        if agent is not None and len(agent) > LONGEST_USER_AGENT:
            environ["HTTP_USER_AGENT"] = agent[:LONGEST_USER_AGENT]
        return self.app(environ, start_response)

    def refused(self, start_response: "StartResponse") -> Iterable[bytes]:
        """For scripts and browsers alike: which of them asks would have to be read from the headers."""
        title, detail = WORDS[STATUS]
        body = {"type": self.kind, "title": title, "status": STATUS, "detail": detail}
        sent = json.dumps(body | {"instance": f"urn:uuid:{uuid4()}"}).encode()
        headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(sent)))]
        start_response(f"{STATUS} {phrase_of(STATUS)}", [*headers, ("Cache-Control", "no-store")])
        return [sent]


def init_app(app: Flask) -> None:
    app.wsgi_app = RequestHead(app.wsgi_app, app.config["BASE_URL"])  # type: ignore[method-assign]
