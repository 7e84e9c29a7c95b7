"""Work that the answer does not wait for."""

import logging
from collections.abc import Callable

from flask import Response, after_this_request, copy_current_request_context, request

log = logging.getLogger(__name__)

# In the environ: a server that can closes the body of this response after it has sent it, not before.
AFTER_RESPONSE = "webapp.after_response"


def after_response(work: Callable[[], None]) -> None:
    """Do ``work`` when the answer has been sent."""
    request.environ[AFTER_RESPONSE] = True

    def try_it() -> None:
        try:
            work()
        except Exception:
            # Nobody is there any more to be answered, and the server would log the message as well.
            log.exception("error after the response")

    @after_this_request
    def arrange(response: Response) -> Response:
        response.call_on_close(try_it)
        return response


def after_response_unseen(work: Callable[[], None]) -> None:
    """Do ``work`` as this request, when the answer has been sent: how long it takes tells the caller nothing."""
    after_response(copy_current_request_context(work))
