"""UpstreamHttp: requests to identity providers, bounded in time, size and number at a time."""

from collections.abc import Mapping
from threading import BoundedSemaphore
from typing import Any

from webapp.core.outgoing_http import NotReached, OutgoingHttp, OutgoingResponse
from webapp.federation.checks import Check, LoginFailed
from webapp.verify import Invalid, load


class UpstreamHttp:
    """
    Args:
        at_once: requests at a time, so that a slow provider does not occupy every thread.
    """

    def __init__(self, http: OutgoingHttp, at_once: int) -> None:
        self._http, self._places = http, BoundedSemaphore(at_once)

    def send(
        self,
        check: Check,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> OutgoingResponse:
        """
        Args:
            check: that fails if there is no response.

        Raises:
            LoginFailed
        """
        if not self._places.acquire(blocking=False):
            raise LoginFailed(check, "too many requests to identity providers are waiting for a response")
        try:
            return self._http.send(method, url, body=body, headers=headers)
        except NotReached as error:
            raise LoginFailed(check, str(error)) from error
        finally:
            self._places.release()

    def json(self, check: Check, url: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The JSON object at a URL.

        Raises:
            LoginFailed: also for any status but 200; redirects are not followed.
        """
        answer = self.send(check, "GET", url, headers={"Accept": "application/json"} | dict(headers or {}))
        if answer.status != 200:
            raise LoginFailed(check, f"{url} responds with status {answer.status}")
        return json_object(check, answer.body)


def json_object(check: Check, body: bytes) -> dict[str, Any]:
    """
    Raises:
        LoginFailed
    """
    try:
        return load(body)
    except Invalid as error:
        raise LoginFailed(check, f"the response is not JSON: {error}") from error
