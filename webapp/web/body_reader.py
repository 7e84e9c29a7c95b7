"""read_body(): reads a request body from an ASGI server, within a limit and in no more pieces than plausible."""

from functools import partial
from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO

from webapp.web.streaming import ClientGone, Receive

# A body may arrive in a limited number of pieces, because each takes the event loop the same time, however small it
# is. A TCP segment holds about 1,460 bytes, so an ordinary body of 64 kB arrives in 45.
FEWEST_PIECES = 500
BYTES_PER_PIECE = 256


class TooManyPieces(Exception):
    """A body arrived in more pieces than any network would split it into."""


async def read_body(receive: Receive, limit: int, in_memory: int) -> tuple[IO[bytes], int]:
    """The body and its length; of one longer than ``limit`` only as much as shows that it is longer.

    Args:
        limit: bytes.
        in_memory: bytes; a body whose limit is higher goes into a temporary file once it is longer than this.

    Raises:
        ClientGone: the client has closed the connection, or the body is malformed.
        TooManyPieces: more than a body of this length could have.
    """
    new = partial(SpooledTemporaryFile[bytes], in_memory) if limit > in_memory else BytesIO
    body: IO[bytes] = new()
    length = pieces = 0
    while length <= limit:
        if pieces == max(FEWEST_PIECES, limit // BYTES_PER_PIECE):
            raise TooManyPieces
        pieces += 1
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGone
        length += body.write(message.get("body", b""))
        if not message.get("more_body", False):
            break
    body.seek(0)
    return body, length
