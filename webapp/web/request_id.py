"""request_id(): a UUID per request, in its log lines, audit events and error pages."""

from uuid import uuid4

from flask import g, has_request_context


def request_id() -> str:
    """The ID of the current request, made at the first call; empty outside a request."""
    if not has_request_context():
        return ""
    if "request_id" not in g:
        g.request_id = str(uuid4())
    number: str = g.request_id
    return number
