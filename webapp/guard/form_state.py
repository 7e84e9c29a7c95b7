"""A form kept over a step-up: its fields, but for their secrets, as one value that a page carries."""

import json

from flask import request

from webapp.web.body import submitted
from webapp.web.negotiation import FORM_TYPES

Fields = list[tuple[str, str]]


def kept() -> str | None:
    """What was filled in, if a form was sent. A file is not kept: a page cannot send one for somebody."""
    if request.mimetype not in FORM_TYPES and request.content_length:
        return None
    fields = [(name, value) for name, value in submitted().items(multi=True) if not is_secret(name)]
    # Not ASCII alone: escapes would make a long text longer than a body may be.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def read(text: str | None) -> Fields | None:
    """The fields again; None where it is nothing that ``kept`` has made."""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list):
        return None
    pairs = [tuple(pair) for pair in found if isinstance(pair, list) and len(pair) == 2]
    if len(pairs) != len(found) or not all(isinstance(part, str) for pair in pairs for part in pair):
        return None
    return [(name, value) for name, value in pairs if not is_secret(name)]


def is_secret(name: str) -> bool:
    return "password" in name or name in ("csrf_token", "secret", "code", "token")
