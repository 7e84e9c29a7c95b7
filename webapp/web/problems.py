"""Problem: a page for people, problem+json for scripts (RFC 9457)."""

import json
import logging
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, Response, current_app, render_template
from flask_babel import force_locale
from werkzeug.exceptions import BadHost, HTTPException, MethodNotAllowed

from webapp.core.db import Unavailable
from webapp.web import i18n
from webapp.web.negotiation import as_json, is_browser
from webapp.web.problem_codes import ProblemCode
from webapp.web.problem_kinds import WORDS, phrase_of, slug_of
from webapp.web.request_id import request_id

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequirementStep:
    """One thing that was asked: held, missing, or idle where it was not reached."""

    words: str
    state: str


@dataclass(frozen=True, slots=True)
class Action:
    label: str
    href: str


@dataclass(slots=True)
class Problem(Exception):
    """Raised wherever a request cannot be answered as asked; ``extra`` are members of its own in the JSON."""

    status: int
    title: str
    detail: str = ""
    code: ProblemCode | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    pins: Sequence[RequirementStep] = ()
    actions: Sequence[Action] = ()
    told: str | None = None

    @property
    def retry_after(self) -> int | None:
        seconds = self.headers.get("Retry-After")
        return int(seconds) if seconds else None

    def body(self) -> dict[str, Any]:
        kind = f"{current_app.config['BASE_URL']}/problems/{slug_of(self.code, self.status)}"
        head = {"type": kind, "title": str(self.title), "status": self.status}
        head |= {"detail": str(self.detail)} if self.detail else {}
        head |= {"code": self.code} if self.code else {}
        return head | {"instance": f"urn:uuid:{request_id()}"} | dict(self.extra)


def answer(problem: Problem, *, page: bool | None = None) -> Response:
    """The problem as this caller reads it."""
    if is_browser() if page is None else page:
        # From 500 on the caller's account is not asked for: the database may be what is missing.
        with force_locale(i18n.requested()) if problem.status >= 500 else nullcontext():
            response = page_of(problem)
    else:
        response = as_json(problem.body(), status=problem.status, kind="application/problem+json")
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def http_text(problem: Problem) -> str:
    """What a script hears in the same case, as it stands on the wire."""
    head = [f"HTTP/1.1 {problem.status} {phrase_of(problem.status)}"]
    head += [f"{name}: {value}" for name, value in problem.headers.items()]
    head.append("Content-Type: application/problem+json")
    return "\n".join(head) + "\n\n" + json.dumps(problem.body(), indent=2)


def from_http(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:
        return current_app.make_response(error)
    status = error.code or 500
    title, detail = WORDS.get(status, (phrase_of(status), ""))
    allowed = error.valid_methods if isinstance(error, MethodNotAllowed) else None
    problem = Problem(status, title, detail, headers={"Allow": ", ".join(sorted(allowed))} if allowed else {})
    # A page has links, and under a host that is none there are no URLs to link to.
    return answer(problem, page=False if isinstance(error, BadHost) else None)


def page_of(problem: Problem) -> Response:
    problem.told = http_text(problem) if problem.pins else None
    try:
        page = render_template("errors/problem.html", problem=problem)
    except Unavailable as outage:
        # The page greets whoever is logged in; from 500 on it is bare.
        return from_outage(outage)
    return current_app.make_response((page, problem.status))


def from_outage(error: Unavailable) -> Response:
    # The first line alone: PostgreSQL adds the values concerned on those that follow.
    log.error("database unavailable", extra={"fields": {"reason": str(error).partition("\n")[0]}})
    return answer(Problem(503, *WORDS[503], headers={"Retry-After": "5"}))


def from_fault(error: Exception) -> Response:
    log.exception("unhandled error", exc_info=error)
    problem = Problem(500, *WORDS[500])
    try:
        return answer(problem)
    except Exception:
        # The page may be what broke.
        return answer(problem, page=False)


def init_app(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, from_http)
    app.register_error_handler(Unavailable, from_outage)
    app.register_error_handler(Exception, from_fault)
