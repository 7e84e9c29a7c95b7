"""traceback_for(): the traceback of an error as a response, for a developer on the same machine."""

import traceback
from urllib.parse import urlsplit

from flask import Flask, Request, Response

from webapp.settings.urls import is_loopback

FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


def traceback_for(app: Flask, request: Request, error: BaseException) -> Response | None:
    """A 500 response with the traceback, as plain text; None unless the application runs in debug mode on loopback.

    That is: the connection and the host in the URL are of this machine, so that no other web site can read the
    response by a name that leads here, and no proxy has forwarded the request.
    """
    is_forwarded = any(name in request.environ for name in FORWARDED)
    if not app.debug or is_forwarded or not is_loopback(request.environ.get("REMOTE_ADDR", "")):
        return None
    if not is_loopback(urlsplit(f"//{request.environ.get('HTTP_HOST', '')}").hostname or ""):
        return None
    text = "".join(traceback.format_exception(error))
    note = "Shown because of --debug, on this machine only.\n\n"
    return Response(note + text, 500, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "no-store"})
