"""RequestObserver: measures each request and passes its record on, for the access log and the metrics."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any
from uuid import UUID

from flask import Flask, Response, g
from flask.globals import request_ctx

from webapp.web.proxy import FROM_TRUSTED_PROXY
from webapp.web.registry import services_of
from webapp.web.request_id import request_id
from webapp.web.unproxied import unproxied

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RECORD = "webapp.request_record"
"""WSGI environ key: the ``RequestRecord`` that is being filled."""
UNOBSERVED = "webapp.unobserved"
"""WSGI environ key of a request that the server makes itself, such as the health probe of the watchdog."""


@dataclass(slots=True)
class RequestRecord:
    """What is known of a request when its response is ready. Nothing in it can hold a path, a query or a secret."""

    method: str
    """As the client sent it, so any word in capital letters."""
    ip_address: str
    status: int = 500
    seconds: float = 0.0
    """Until the response was ready, or its first part if it is streamed."""
    route: str | None = None
    """The pattern of the route, such as ``/tokens/<uuid:token_id>``; None if no route matched or the request was
    refused before routing."""
    request_id: str | None = None
    user_id: UUID | None = None
    credential_id: UUID | None = None
    traceparent: str | None = None
    """W3C Trace Context, from a trusted proxy."""
    decision: str | None = None
    """Decision of the guard: the code of its refusal, else ``allowed``; None if it was not asked."""


Observe = Callable[[RequestRecord], None]


@dataclass(frozen=True, slots=True)
class Observers:
    """What is called with each record; none by default, and then nothing is measured."""

    each: tuple[Observe, ...]


class RequestObserver:
    """WSGI middleware, the outermost: measures the time, and calls the observers."""

    def __init__(self, app: "WSGIApplication", observers: Sequence[Observe]) -> None:
        self.app, self.observers = app, observers

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if UNOBSERVED in environ:
            return self.app(environ, start_response)
        started = perf_counter()
        record = environ[RECORD] = RequestRecord(environ["REQUEST_METHOD"], "")

        def start(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Callable[[bytes], object]:
            record.status = int(status[:3])
            return start_response(status, headers, *exc_info)

        try:
            return self.app(environ, start)
        finally:
            record.seconds = perf_counter() - started
            # Now, because a trusted proxy's header may have replaced it.
            record.ip_address = environ.get("REMOTE_ADDR", "")
            if FROM_TRUSTED_PROXY in environ:
                record.traceparent = environ.get("HTTP_TRACEPARENT")
            for observe in self.observers:
                observe(record)


def fill(response: Response) -> Response:
    """After-request hook: note what only the request context knows."""
    context = unproxied(request_ctx)
    record: RequestRecord | None = context.request.environ.get(RECORD)
    if record is not None:
        app_globals = unproxied(g)
        rule = context.request.url_rule
        record.route = rule.rule if rule is not None else None
        caller = app_globals.get("caller")
        # A credential that was not accepted has a row too, unless it is unknown.
        row = getattr(caller, "credential_row", caller)
        if row is not None:
            record.user_id, record.credential_id = row.user_id, row.credential_id
        record.decision = app_globals.get("refused") or ("allowed" if "is_authorized" in app_globals else None)
    return response


def add_id(response: Response) -> Response:
    """After-request hook: a request has an ID only where it is needed, because making one takes microseconds."""
    record: RequestRecord | None = unproxied(request_ctx).request.environ.get(RECORD)
    if record is not None:
        record.request_id = request_id()
    return response


def init_app(app: Flask, observers: Sequence[Observe], *, with_ids: bool) -> None:
    """Register the hooks; before the other after-request hooks, because Flask runs them in the opposite order.

    Args:
        with_ids: whether an observer reads ``request_id``.
    """
    services_of(app).provide(Observers)(Observers(tuple(observers)))
    if observers:
        app.after_request(fill)
    if with_ids:
        app.after_request(add_id)


def wrap(app: Flask) -> None:
    """Install the middleware; after all others, so that what they refuse is observed too."""
    if observers := services_of(app).get(Observers).each:
        app.wsgi_app = RequestObserver(app.wsgi_app, observers)  # type: ignore[method-assign]
