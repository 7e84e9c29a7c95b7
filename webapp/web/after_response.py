"""after_response(): run work after the response has been sent."""

import logging
from collections.abc import Callable

from flask import Response, after_this_request, copy_current_request_context, request

log = logging.getLogger(__name__)

AFTER_RESPONSE = "webapp.after_response"
"""WSGI environ key: tells ``AsgiGateway`` to close the body of this response after sending it, not before."""


def after_response(work: Callable[[], None]) -> None:
    """Call ``work`` once the response has been sent; outside the request context. Errors are logged."""
    request.environ[AFTER_RESPONSE] = True

    def run_logged() -> None:
        try:
            work()
        except Exception:
            # There is no response left to change, and the server would also log the exception's message, which may
            # hold user input.
            log.exception("error after the response")

    @after_this_request
    def schedule(response: Response) -> Response:
        response.call_on_close(run_logged)
        return response


def after_response_in_context(work: Callable[[], None]) -> None:
    """Like ``after_response``, but within the context of this request.

    For work whose duration depends on a secret, such as whether an account exists: the caller cannot measure it.
    """
    after_response(copy_current_request_context(work))
