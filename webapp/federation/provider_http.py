"""UpstreamHttp: requests to identity providers, bounded in time and size, and how many threads may wait for them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import BoundedSemaphore
from typing import Any

from webapp.core.outgoing_http import NotReached, OutgoingHttp, OutgoingResponse
from webapp.federation.checks import Check, LoginFailed
from webapp.verify import Invalid, load, parse


class UpstreamHttp:
    """HTTP requests to identity providers, with a bound on the threads that wait for responses.

    Args:
        at_once: threads that may wait for providers at a time, so that a slow one does not occupy all of them.
    """

    def __init__(self, http: OutgoingHttp, at_once: int) -> None:
        self._http, self._places = http, BoundedSemaphore(at_once)

    @contextmanager
    def place(self, check: Check) -> Iterator[None]:
        """Occupy one of the places for waiting threads, for a response or for another thread that fetches the same.

        Raises:
            LoginFailed: all are taken.
        """
        if not self._places.acquire(blocking=False):
            raise LoginFailed(check, "too many threads are waiting for identity providers")
        try:
            yield
        finally:
            self._places.release()

    def send(
        self,
        check: Check,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OutgoingResponse:
        """Send a request to a provider and return its response, whatever the status.

        Args:
            check: that fails if there is no response.

        Raises:
            LoginFailed
        """
        try:
            return self._http.send(method, url, body=body, headers=headers)
        except NotReached as error:
            raise LoginFailed(check, str(error)) from error

    def json(self, check: Check, url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Fetch a JSON object.

        Raises:
            LoginFailed: see ``body``.
        """
        return json_object(check, self.body(check, url, headers=headers))

    def json_list(self, check: Check, url: str, *, headers: Mapping[str, str]) -> list[Any]:
        """Fetch a JSON array.

        Raises:
            LoginFailed: see ``body``.
        """
        return json_list(check, self.body(check, url, headers=headers))

    def body(self, check: Check, url: str, *, headers: Mapping[str, str] | None = None) -> bytes:
        """Fetch the body of a JSON response, not parsed yet.

        Raises:
            LoginFailed: also for any status but 200; redirects are not followed.
        """
        answer = self.send(check, "GET", url, headers={"Accept": "application/json"} | dict(headers or {}))
        if answer.status != 200:
            raise LoginFailed(check, f"{url} responds with status {answer.status}")
        return answer.body


def json_object(check: Check, body: bytes) -> dict[str, Any]:
    """Parse a response body that must be a JSON object.

    Raises:
        LoginFailed
    """
    try:
        return load(body)
    except Invalid as error:
        raise LoginFailed(check, f"the response is not JSON: {error}") from error


def json_list(check: Check, body: bytes) -> list[Any]:
    """Parse a response body that must be a JSON array.

    Raises:
        LoginFailed
    """
    try:
        found = parse(body)
    except Invalid as error:
        raise LoginFailed(check, f"the response is not JSON: {error}") from error
    if not isinstance(found, list):
        raise LoginFailed(check, "the response is not a JSON array")
    return found
