"""Fields of a form as one hidden value, so that a form survives a step-up; secrets are left out."""

import json

from flask import current_app, request

from webapp.web.body import submitted
from webapp.web.negotiation import FORM_TYPES

Fields = list[tuple[str, str]]


def serialize() -> str | None:
    """The fields of the submitted form as JSON; None if the body is no form. Files are left out."""
    if (request.mimetype not in FORM_TYPES and request.content_length) or is_too_long():
        return None
    fields = [(name, value) for name, value in submitted().items(multi=True) if not is_secret(name)]
    # Not escaped to ASCII, which could make a long text exceed the limit of a body.
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def is_too_long() -> bool:
    """Whether the body is an upload, which only its view accepts: it is not read for anything else."""
    limit: int = current_app.config["MAX_CONTENT_LENGTH"]
    return (request.content_length or 0) > limit


def parse(text: str | None) -> Fields | None:
    """Parse the fields of a form from a value made by ``serialize``; None for any other value."""
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
