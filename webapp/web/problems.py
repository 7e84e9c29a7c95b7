"""Problem: an exception answered as an error page or as ``application/problem+json`` (RFC 9457); error handlers."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, render_template, request
from flask_babel import force_locale
from werkzeug.exceptions import BadHost, HTTPException, MethodNotAllowed

from webapp.core.db import Unavailable
from webapp.web import i18n
from webapp.web.debug import traceback_for
from webapp.web.negotiation import as_json, is_browser
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import WORDS, phrase_of, slug_of
from webapp.web.request_id import request_id
from webapp.web.unproxied import unproxied

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequirementStep:
    """One access check of the guard, for the error page."""

    words: str
    state: str
    """``held``, ``missing``, or ``idle`` for a check that was not reached."""


@dataclass(frozen=True, slots=True)
class Action:
    """A link on an error page, shown as a button."""

    label: str
    href: str


@dataclass(slots=True)
class Problem(Exception):
    """An error response, to be raised from anywhere below a view or hook (RFC 9457)."""

    status: int
    title: str
    detail: str = ""
    code: ProblemCode | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further members of the JSON (RFC 9457 §3.2)."""
    headers: Mapping[str, str] = field(default_factory=dict)
    steps: Sequence[RequirementStep] = ()
    """The access checks that led to a refusal, for the error page."""
    actions: Sequence[Action] = ()
    raw_response: str | None = None
    """The response that a script would get, for the error page."""

    @property
    def retry_after(self) -> int | None:
        """Seconds."""
        seconds = self.headers.get("Retry-After")
        return int(seconds) if seconds else None

    def body(self) -> dict[str, Any]:
        """The JSON object (RFC 9457 §3.1); ``instance`` is the request ID."""
        kind = f"{current_app.config['BASE_URL']}/problems/{slug_of(self.code, self.status)}"
        head = {"type": kind, "title": str(self.title), "status": self.status}
        head |= {"detail": str(self.detail)} if self.detail else {}
        head |= {"code": self.code} if self.code else {}
        return head | {"instance": f"urn:uuid:{request_id()}"} | dict(self.extra)


def problem_response(problem: Problem, *, page: bool | None = None) -> Response:
    """The response to a problem: error page or JSON.

    Args:
        page: which of them; None to decide by ``is_browser``.
    """
    if is_browser() if page is None else page:
        # From 500 on not in the language of the account: it needs the database, which may be what has failed.
        with force_locale(i18n.requested()) if problem.status >= 500 else nullcontext():
            response = page_of(problem)
    else:
        response = as_json(problem.body(), status=problem.status, kind="application/problem+json")
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def http_text(problem: Problem) -> str:
    """The response that a script would get, as HTTP/1.1 text."""
    head = [f"HTTP/1.1 {problem.status} {phrase_of(problem.status)}"]
    head += [f"{name}: {value}" for name, value in problem.headers.items()]
    head.append("Content-Type: application/problem+json")
    return "\n".join(head) + "\n\n" + json.dumps(problem.body(), indent=2)


def from_http(error: HTTPException) -> Response:
    """Error handler for Werkzeug's exceptions."""
    if error.response is not None or (error.code or 500) < 400:
        return current_app.make_response(error)
    status = error.code or 500
    title, detail = WORDS.get(status, (phrase_of(status), ""))
    # What an app says itself: abort(404, "There is no report of this month.")
    if status < 500 and isinstance(error.description, str) and error.description != type(error).description:
        detail = error.description
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    problem = Problem(status, title, detail, headers={"Allow": ", ".join(sorted(allowed))} if allowed else {})
    # A page contains links, and with an invalid Host no URL can be built.
    return problem_response(problem, page=False if isinstance(error, BadHost) else None)


def page_of(problem: Problem) -> Response:
    """The error page of a problem."""
    problem.raw_response = http_text(problem) if problem.steps else None
    try:
        page = render_template("errors/problem.html", problem=problem)
    except Unavailable as outage:
        # The page shows the user's name, which needs the database; pages from 500 on do not.
        return from_outage(outage)
    return current_app.make_response((page, problem.status))


def from_outage(error: Unavailable) -> Response:
    """Error handler for a database that cannot be reached or is locked: 503, to be tried again after 5 seconds."""
    # Only the first line: PostgreSQL adds the values concerned on the following ones.
    log.error("database unavailable", extra={"fields": {"reason": str(error).partition("\n")[0]}})
    return problem_response(Problem(503, *WORDS[503], headers={"Retry-After": "5"}))


def from_fault(error: Exception) -> Response:
    """Error handler for any other exception: 500, logged with its traceback."""
    log.exception("unhandled error", exc_info=error)
    if (traceback_page := traceback_for(unproxied(current_app), unproxied(request), error)) is not None:
        return traceback_page
    problem = Problem(500, *WORDS[500])
    try:
        return problem_response(problem)
    except Exception:
        # The error page itself may be broken.
        return problem_response(problem, page=False)


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(Problem, problem_response)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Unavailable, from_outage)
    app.register_error_handler(Exception, from_fault)
