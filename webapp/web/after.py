"""Work that the answer does not wait for."""

from collections.abc import Callable

from flask import Response, after_this_request


def answer(work: Callable[[], None]) -> None:
    """Do ``work`` when the answer has been sent."""

    @after_this_request
    def arrange(response: Response) -> Response:
        response.call_on_close(work)
        return response
