"""show(): one struct, as a page for people and as JSON for scripts."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Response, current_app, render_template, request
from werkzeug.wsgi import ClosingIterator

from webapp.core.translation import text_of
from webapp.web.bearer import presented

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}


def is_browser() -> bool:
    """Whether a refusal is said to a person: no credential of a script, and HTML named as welcome."""
    return presented() is None and prefers_html()


def wants_page() -> bool:
    """Whether an answer is a page: for browsers, and for whoever posts a form without asking for JSON."""
    if presented() is not None:
        return False
    return prefers_html() or (request.mimetype in FORM_TYPES and not names("application/json"))


def prefers_html() -> bool:
    accept = request.environ.get("HTTP_ACCEPT", "")
    # Most scripts send "*/*", and a header need not be parsed to see that it names no HTML.
    if "html" not in accept.lower():
        return False
    return names("text/html") and quality("text/html") >= quality("application/json")


def names(kind: str) -> bool:
    return quality(kind) > 0


def quality(kind: str) -> float:
    return max((q for value, q in request.accept_mimetypes if value.lower() == kind), default=0)


def show(answer: msgspec.Struct, template: str, /, *, status: int = 200, **page: Any) -> Response:
    """``answer`` as JSON, or ``template`` with ``page``, whichever is asked for."""
    if wants_page():
        return current_app.make_response((render_template(template, **page), status))
    return as_json(answer, status=status)


class JsonResponse(Response):
    """One JSON text, sent as it stands: its length is known, and there is no ``Location`` to complete.

    Werkzeug copies the headers and looks through them for both, a twentieth of a request with a token.
    """

    def get_wsgi_response(self, environ: "WSGIEnvironment") -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        if self.status_code != 200 or environ["REQUEST_METHOD"] == "HEAD":
            return super().get_wsgi_response(environ)
        return ClosingIterator(self.iter_encoded(), self.close), self.status, self.headers.to_wsgi_list()


def as_json(answer: Any, *, status: int = 200, kind: str = "application/json") -> Response:
    return JsonResponse(msgspec.json.encode(answer, enc_hook=text_of), status=status, content_type=kind)
