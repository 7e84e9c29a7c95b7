"""Work that the answer does not wait for."""

import logging
from collections.abc import Callable

from flask import Response, after_this_request, copy_current_request_context

log = logging.getLogger(__name__)


def answer(work: Callable[[], None]) -> None:
    """Do ``work`` when the answer has been sent."""

    @after_this_request
    def arrange(response: Response) -> Response:
        response.call_on_close(work)
        return response


def answer_unseen(work: Callable[[], None]) -> None:
    """Do ``work`` as this request, when the answer has been sent: how long it takes tells the caller nothing."""
    here = copy_current_request_context(work)

    def try_it() -> None:
        try:
            here()
        except Exception:
            # Nobody is there any more to be answered.
            log.exception("fault after the answer")

    answer(try_it)
