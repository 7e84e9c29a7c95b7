"""BoundedRequest: chunked request bodies (RFC 9112 §7.1) are read completely or refused, never truncated."""

from io import BytesIO
from typing import IO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property


class BoundedRequest(Request):
    """Refuses a chunked body over the limit; Werkzeug truncates it and parses the rest as if it were complete."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body.

        Raises:
            RequestEntityTooLarge: it has no ``Content-Length`` and is longer than ``max_content_length``.
        """
        limit = self.max_content_length
        if self.content_length is not None or limit is None or not self.environ.get("wsgi.input_terminated"):
            found: IO[bytes] = super().stream
            return found
        body = self.environ["wsgi.input"].read(limit + 1)
        if len(body) > limit:
            raise RequestEntityTooLarge
        return BytesIO(body)
