"""bare_problem(): the problem document of a request that is refused before it reaches Flask."""

import json
from html import escape
from typing import NamedTuple
from uuid import uuid4

from webapp.web.problem_kinds import WORDS, phrase_of, slug_of

BUSY = "Too many requests are under way. Nothing was changed; try again in a second."
PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>{0}</title><h1>{0}</h1><p>{1}</p></html>\n'


class BareProblem(NamedTuple):
    """A WSGI response."""

    status: str
    """Code and reason phrase."""
    headers: list[tuple[str, str]]
    body: bytes


def bare_problem(status: int, base_url: str, detail: str | None = None, *, is_page: bool = False) -> BareProblem:
    """A problem (RFC 9457) or a minimal HTML page, made without Flask; for what ``Problem`` cannot be raised.

    Args:
        status: a key of ``problem_kinds.WORDS``.
        detail: replaces the usual text of this status.
        is_page: HTML instead of JSON.
    """
    title, usual = map(str, WORDS[status])
    detail = detail or usual
    if is_page:
        content_type, body = "text/html; charset=utf-8", PAGE.format(escape(title), escape(detail))
    else:
        kind = f"{base_url}/problems/{slug_of(None, status)}"
        members = {"type": kind, "title": title, "status": status, "detail": detail, "instance": f"urn:uuid:{uuid4()}"}
        content_type, body = "application/problem+json", json.dumps(members)
    payload = body.encode()
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(payload))),
        ("Cache-Control", "no-store"),
    ]
    return BareProblem(f"{status} {phrase_of(status)}", headers, payload)
