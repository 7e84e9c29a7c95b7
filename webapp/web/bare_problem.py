"""bare_problem(status): the problem document of what is refused before the application is asked."""

import json
from html import escape
from typing import NamedTuple
from uuid import uuid4

from webapp.web.problem_kinds import WORDS, phrase_of, slug_of

BUSY = "Too many requests are under way. Nothing was changed; try again in a second."
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><p>{1}</p></html>\n'


class BareProblem(NamedTuple):
    status: str
    headers: list[tuple[str, str]]
    body: bytes


def bare_problem(status: int, base_url: str, detail: str | None = None, *, is_page: bool = False) -> BareProblem:
    """A problem as ``Problem`` answers it (RFC 9457), without a template and without what only the application knows.

    Args:
        detail: words of its own instead of those that every problem of this status has.
        is_page: whether a person reads it.
    """
    title, usual = map(str, WORDS[status])
    detail = detail or usual
    if is_page:
        content_type, body = "text/html; charset=utf-8", PAGE.format(escape(title), escape(detail))
    else:
        kind = f"{base_url}/problems/{slug_of(None, status)}"
        members = {"type": kind, "title": title, "status": status, "detail": detail, "instance": f"urn:uuid:{uuid4()}"}
        content_type, body = "application/problem+json", json.dumps(members)
    sent = body.encode()
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(sent))),
        ("Cache-Control", "no-store"),
    ]
    return BareProblem(f"{status} {phrase_of(status)}", headers, sent)
