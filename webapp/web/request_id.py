"""One number for a request: in its problem, its log lines and its audit events."""

from uuid import uuid4

from flask import g, has_request_context


def request_id() -> str:
    """Made when first asked for, so that a request without events does not pay for it; empty outside a request."""
    if not has_request_context():
        return ""
    if "request_id" not in g:
        g.request_id = str(uuid4())
    number: str = g.request_id
    return number
