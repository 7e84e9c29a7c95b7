"""Content negotiation: show() responds with a page or the same data as JSON; wants_page() and is_browser() decide."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from flask import Request, Response, current_app, render_template, request
from werkzeug.wsgi import ClosingIterator

from webapp.core.translation import encode_lazy_text
from webapp.web.bearer import presented
from webapp.web.unproxied import unproxied

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}


def is_browser() -> bool:
    """Whether errors are shown as pages: the request has no token, and ``Accept`` prefers ``text/html``."""
    current = unproxied(request)
    return presented(current) is None and prefers_html(current)


def wants_page() -> bool:
    """Whether the response is a page: as ``is_browser``, and for HTML forms unless ``Accept`` names JSON."""
    current = unproxied(request)
    if presented(current) is not None:
        return False
    return prefers_html(current) or (current.mimetype in FORM_TYPES and not accepts_exactly("application/json"))


def prefers_html(current: Request) -> bool:
    """Whether ``Accept`` names ``text/html`` with at least the quality of JSON (RFC 9110 §12.5.1); ``*/*`` does not."""
    accept = current.environ.get("HTTP_ACCEPT", "")
    # Most scripts send "*/*": without parsing the header it is clear that it names no HTML.
    if "html" not in accept.lower():
        return False
    return accepts_exactly("text/html") and quality("text/html") >= quality("application/json")


def accepts_exactly(kind: str) -> bool:
    """Whether ``Accept`` names exactly this media type."""
    return quality(kind) > 0


def quality(kind: str) -> float:
    """The quality that ``Accept`` gives to exactly this media type, 0 to 1; wildcards do not count."""
    return max((q for value, q in request.accept_mimetypes if value.lower() == kind), default=0)


def show(answer: msgspec.Struct, template: str, /, *, status: int = 200, **page: Any) -> Response:
    """Respond with a page or with JSON, as ``wants_page`` decides.

    Args:
        answer: the JSON body.
        template: of the page.
        page: context of the template.
    """
    if wants_page():
        return current_app.make_response((render_template(template, **page), status))
    return as_json(answer, status=status)


def publicly_cacheable(response: Response, *, vary: str = "") -> Response:
    """Mark a response that depends on no credential: caches may store it, and no cookie is set with it.

    Args:
        vary: request headers that it depends on.
    """
    response.headers["Cache-Control"] = "public, no-cache"
    if vary:
        response.headers["Vary"] = vary
    return response


def is_for_everybody(response: Response) -> bool:
    return "public" in response.headers.get("Cache-Control", "")


class QuickResponse(Response):
    """A 200 response without ``Location`` and with a known length skips Werkzeug's ``get_wsgi_headers``.

    That method copies and searches the headers, which takes a twentieth of the time of a request with a token.
    """

    further_headers: Sequence[tuple[str, str]] = ()
    """Headers that are sent without Werkzeug's check of each; in the form of WSGI (PEP 3333)."""

    def get_wsgi_response(self, environ: "WSGIEnvironment") -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        if self.status_code != 200 or environ["REQUEST_METHOD"] == "HEAD":
            body, status, checked = super().get_wsgi_response(environ)
        else:
            body, status = ClosingIterator(self.iter_encoded(), self.close), self.status
            checked = self.headers.to_wsgi_list()
        return body, status, [*checked, *self.further_headers]


def as_json(answer: Any, *, status: int = 200, kind: str = "application/json") -> Response:
    """A JSON response; translated texts in ``answer`` are written in the language of the request.

    Args:
        kind: media type.
    """
    return QuickResponse(msgspec.json.encode(answer, enc_hook=encode_lazy_text), status=status, content_type=kind)
