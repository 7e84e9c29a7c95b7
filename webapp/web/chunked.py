"""Bodies that come in chunks: read to their end or refused, never cut."""

from io import BytesIO
from typing import IO

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.utils import cached_property


class BoundedRequest(Request):
    """Werkzeug cuts a body without ``Content-Length`` at the limit, and what is left is parsed as if it were whole."""

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body.

        Raises:
            RequestEntityTooLarge: it comes in chunks (RFC 9112 §7.1), and is longer than the limit.
        """
        limit = self.max_content_length
        if self.content_length is not None or limit is None or not self.environ.get("wsgi.input_terminated"):
            found: IO[bytes] = super().stream
            return found
        body = self.environ["wsgi.input"].read(limit + 1)
        if len(body) > limit:
            raise RequestEntityTooLarge
        return BytesIO(body)
