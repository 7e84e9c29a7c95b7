"""AsgiGateway: serves a WSGI application over ASGI; the event loop reads each body before a thread is taken.

A WSGI server lends a thread to a request as soon as its headers are there, so whoever sends bodies slowly holds all of
them. Here a slow body costs a socket and the bytes that came, for a limited time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

from webapp.core.fair_slots import FairSlots, NoSlotFree
from webapp.web import headers
from webapp.web.after_response import AFTER_RESPONSE
from webapp.web.bare_problem import BUSY, bare_problem
from webapp.web.fair_queue import FairQueue
from webapp.web.streaming import ClientGone, Message, Receive, Send, stream
from webapp.web.wsgi_environ import Environ, LateBody, StartResponse, environ_of, has_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

T = TypeVar("T")

# Requests that wait for a thread, for each thread there is; beyond that a caller is told to come back.
QUEUED_PER_THREAD = 25
# Bodies of one client that may be under way at a time in one process.
BODIES_PER_CLIENT = 32
# Pieces that a body may come in: each costs the event loop the same, however small it is. An honest TCP segment holds
# about 1,460 bytes, so that a body of 64 kB comes in 45.
FEWEST_PIECES = 500
BYTES_PER_PIECE = 256


class TooManyPieces(Exception):
    """A body came in more pieces than a network makes of one."""


@dataclass(frozen=True, slots=True)
class WsgiAnswer:
    """What the application answers; ``body`` is None where a thread has sent it already, part by part."""

    start: StartResponse
    body: bytes | None
    close: Callable[[], object] | None = None
    """Work that waits until the response has been sent."""


class AsgiGateway:
    """
    Args:
        threads: how many requests the application works on at a time.
        body_limit: bytes of a body that are read; the application refuses what is longer.
        body_timeout: how long a body may take to come.
        base_url: of the site, for the pages that explain its problem documents.
        client_of: whose share of all this a request takes, such as the network that it came from.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        threads: int,
        body_limit: int,
        body_timeout: timedelta,
        base_url: str = "",
        client_of: Callable[[Environ], str] = lambda environ: environ["REMOTE_ADDR"],
    ) -> None:
        self.app, self.client_of, self.base_url = app, client_of, base_url
        self.body_limit, self.body_timeout = body_limit, body_timeout.total_seconds()
        self.most_pieces = max(FEWEST_PIECES, body_limit // BYTES_PER_PIECE)
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.queue = FairQueue(threads)
        self.pending = FairSlots(threads * (1 + QUEUED_PER_THREAD))
        # Each holds a thread for as long as its client takes.
        self.streams = FairSlots(max(2, threads // 4))
        self.bodies: Counter[str] = Counter()
        self.finished = 0
        self.background: set[asyncio.Task[None]] = set()

    def progress(self) -> int | None:
        """A number that changes as long as requests are finished; None while a thread is free."""
        return None if self.queue.free else self.finished

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        client = self.client_of(environ)
        if has_body(environ):
            if self.bodies[client] >= BODIES_PER_CLIENT:
                await self.refuse(environ, send, 503, BUSY)
                return
            try:
                await self.add_body(environ, client, receive)
            except TooManyPieces:
                await self.refuse(environ, send, 413)
                return
            except ClientGone:
                # Or it has sent what is no body: whoever still listens is told so.
                await self.refuse(environ, send, 400)
                return
        try:
            with self.pending.hold(client):
                await self.respond(environ, client, receive, send)
        except NoSlotFree:
            await self.refuse(environ, send, 503, BUSY)

    async def refuse(self, environ: Environ, send: Send, status: int, detail: str | None = None) -> None:
        """Answer without the application, and close the connection."""
        is_page = "text/html" in environ.get("HTTP_ACCEPT", "")
        problem = bare_problem(status, self.base_url, detail, is_page=is_page)
        added = headers.ALWAYS | (headers.PAGE if is_page else headers.DATA) | {"Connection": "close"}
        if status == 503:
            added["Retry-After"] = "1"
        await send_whole(send, status, [*problem.headers, *added.items()], problem.body)

    async def add_body(self, environ: Environ, client: str, receive: Receive) -> None:
        self.bodies[client] += 1
        try:
            async with asyncio.timeout(self.body_timeout):
                body = await self.read(receive)
        except TimeoutError:
            environ["wsgi.input"] = LateBody()
        else:
            environ["wsgi.input"] = BytesIO(body)
            # A chunked body has its length now too, by which the application refuses one over its limit.
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        finally:
            self.bodies[client] -= 1
            if not self.bodies[client]:
                del self.bodies[client]

    async def read(self, receive: Receive) -> bytes:
        """The body; of one over the limit as much as shows that it is.

        Raises:
            ClientGone: the client has closed the connection, or sent what is no body.
            TooManyPieces: the pieces are too small to be worth their cost.
        """
        body = bytearray()
        pieces = 0
        while len(body) <= self.body_limit:
            if pieces == self.most_pieces:
                raise TooManyPieces
            pieces += 1
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGone
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return bytes(body)

    async def respond(self, environ: Environ, client: str, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        answer = await self.in_thread(client, lambda: self.answer_of(environ, client, receive, send, loop))
        if answer.body is not None:
            await send_whole(send, answer.start.status, answer.start.headers, answer.body)
        if answer.close is not None:
            await self.in_thread(client, answer.close)

    async def in_thread(self, client: str, work: Callable[[], T]) -> T:
        """As ``loop.run_in_executor``, in turn, and without the three callbacks that it passes a result through."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                result = work()
            except BaseException as error:
                loop.call_soon_threadsafe(settle, done.set_exception, error)
            else:
                loop.call_soon_threadsafe(settle, done.set_result, result)

        def settle(outcome: Callable[[Any], None], value: Any) -> None:
            self.finished += 1
            # The place is free once the thread is, also where nobody waits for the result any more.
            self.queue.leave()
            if not done.done():
                outcome(value)

        await self.queue.enter(client)
        self.pool.submit(run)
        return await done

    def answer_of(
        self, environ: Environ, client: str, receive: Receive, send: Send, loop: asyncio.AbstractEventLoop
    ) -> WsgiAnswer:
        start = StartResponse()
        body = self.app(environ, start)
        is_whole = start.has_length or environ["REQUEST_METHOD"] == "HEAD" or start.status in (204, 304)
        close: Callable[[], object] = getattr(body, "close", lambda: None)
        if is_whole and environ.get(AFTER_RESPONSE):
            return WsgiAnswer(start, b"".join(body), close)
        try:
            if is_whole:
                return WsgiAnswer(start, b"".join(body))
            with self.streams.hold(client):
                stream(body, head(start.status, start.headers), receive, send, loop)
        except ClientGone:
            return WsgiAnswer(start, None)
        finally:
            close()
        return WsgiAnswer(start, None)


async def send_whole(send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    await send(head(status, headers))
    await send({"type": "http.response.body", "body": body})


def head(status: int, headers: Iterable[tuple[str, str]]) -> Message:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": raw}
