"""AsgiGateway: serves a WSGI application over ASGI; the event loop reads each body before a thread is taken.

A WSGI server gives a request a thread as soon as its headers have arrived, so a few clients that send their bodies
slowly occupy all threads. Here a slow body occupies a socket and the bytes received, for a limited time.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from webapp.core.fair_slots import FairSlots, NoSlotFree
from webapp.web import headers
from webapp.web.after_response import AFTER_RESPONSE
from webapp.web.bare_problem import BUSY, bare_problem
from webapp.web.body_reader import TooManyPieces, read_body
from webapp.web.fair_queue import FairQueue
from webapp.web.streaming import ClientGone, Message, Receive, Send, stream
from webapp.web.wsgi_environ import BODY_READ, Environ, LateBody, StartResponse, environ_of, has_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

T = TypeVar("T")

QUEUED_PER_THREAD = 25
"""Requests that may wait for a thread, per thread; further ones are answered 503."""
UPLOADS = 8
"""Bodies over the general limit that one process reads and handles at the same time; further ones are answered 503."""
SLOWEST_UPLOAD = 64 * 1024
"""Bytes per second; what the general limit does not cover has so much more time."""
BODIES_PER_CLIENT = 32
"""Bodies of one client that one process reads at the same time; further ones are answered 503."""


@dataclass(frozen=True, slots=True)
class WsgiResponse:
    """The response of the WSGI application; ``body`` is None if a thread has already streamed it."""

    start: StartResponse
    body: bytes | None
    close: Callable[[], object] | None = None
    """To be called once the response has been sent (``after_response``)."""


class AsgiGateway:
    """ASGI application that runs a WSGI application in threads, with limits per client.

    Args:
        threads: number of requests that the application handles at the same time.
        body_limit: bytes; of a longer body one piece more is read, so that the application refuses it.
        body_timeout: from the headers to the last byte of the body; then the application answers 408.
        base_url: of the site, for the ``type`` of problem documents.
        client_of: the client whose share of the limits a request uses, such as its IP network.
        limit_of: the limit of a request whose body is longer than ``body_limit``, from its headers; called in a thread.
            What is over ``body_limit`` is kept in a file.
        on_refusal: called with each request, and its status, that is refused without calling the application.
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
        limit_of: Callable[[Environ], int] | None = None,
        on_refusal: Callable[[Environ, int], None] | None = None,
    ) -> None:
        self.app, self.client_of, self.base_url = app, client_of, base_url
        self.limit_of, self.uploads = limit_of, FairSlots(UPLOADS)
        self.on_refusal = on_refusal
        self.body_limit, self.body_timeout = body_limit, body_timeout.total_seconds()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.queue = FairQueue(threads)
        self.pending = FairSlots(threads * (1 + QUEUED_PER_THREAD))
        # A streamed response occupies a thread until its client has received it.
        self.streams = FairSlots(max(2, threads // 4))
        self.bodies: Counter[str] = Counter()
        self.finished = 0
        self.background: set[asyncio.Task[None]] = set()

    def progress(self) -> int | None:
        """A number that changes whenever a request finishes, for the watchdog; None while a thread is free."""
        return None if self.queue.free else self.finished

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        client = self.client_of(environ)
        try:
            limit = await self.limit(environ, client)
            with self.uploads.hold(client) if limit > self.body_limit else nullcontext():
                await self.handle(environ, client, limit, receive, send)
                environ["wsgi.input"].close()
        except NoSlotFree:
            await self.refuse(environ, send, 503, BUSY)

    async def limit(self, environ: Environ, client: str) -> int:
        """The largest body of a request, in bytes."""
        length = environ.get("CONTENT_LENGTH", "")
        is_long = not length.isdecimal() or int(length[:20]) > self.body_limit
        if self.limit_of is None or not is_long or not has_body(environ):
            return self.body_limit
        with self.pending.hold(client):
            found = await self.in_thread(client, partial(self.limit_of, environ))
        environ[BODY_READ] = found
        return found

    async def handle(self, environ: Environ, client: str, limit: int, receive: Receive, send: Send) -> None:
        """Read the body of a request, call the WSGI application in a thread, and send the response.

        Raises:
            NoSlotFree: too many requests wait for a thread.
        """
        if has_body(environ):
            if self.bodies[client] >= BODIES_PER_CLIENT:
                await self.refuse(environ, send, 503, BUSY)
                return
            try:
                await self.add_body(environ, client, limit, receive)
            except TooManyPieces:
                await self.refuse(environ, send, 413)
                return
            except ClientGone:
                # The body may also be malformed; then the client is still connected and gets this response.
                await self.refuse(environ, send, 400)
                return
        with self.pending.hold(client):
            await self.respond(environ, client, receive, send)

    async def refuse(self, environ: Environ, send: Send, status: int, detail: str | None = None) -> None:
        """Send a problem without calling the application, and close the connection."""
        if self.on_refusal is not None:
            self.on_refusal(environ, status)
        is_page = "text/html" in environ.get("HTTP_ACCEPT", "")
        problem = bare_problem(status, self.base_url, detail, is_page=is_page)
        added = headers.ALWAYS | (headers.PAGE if is_page else headers.DATA) | {"Connection": "close"}
        if status == 503:
            added["Retry-After"] = "1"
        await send_whole(send, status, [*problem.headers, *added.items()], problem.body)

    async def add_body(self, environ: Environ, client: str, limit: int, receive: Receive) -> None:
        """Read the body into ``wsgi.input``; after the timeout, put a ``LateBody`` there.

        Raises:
            ClientGone, TooManyPieces: as ``read_body``.
        """
        self.bodies[client] += 1
        try:
            async with asyncio.timeout(self.body_timeout + (limit - self.body_limit) / SLOWEST_UPLOAD):
                body, length = await read_body(receive, limit, self.body_limit)
        except TimeoutError:
            environ["wsgi.input"] = LateBody()
        else:
            environ["wsgi.input"] = body
            # The length of a chunked body is known now, so the application can refuse one over its limit.
            environ["CONTENT_LENGTH"] = str(length)
            environ.pop("HTTP_TRANSFER_ENCODING", None)
        finally:
            self.bodies[client] -= 1
            if not self.bodies[client]:
                del self.bodies[client]

    async def respond(self, environ: Environ, client: str, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        response = await self.in_thread(client, lambda: self.call_app(environ, client, receive, send, loop))
        if response.body is not None:
            await send_whole(send, response.start.status, response.start.headers, response.body)
        if response.close is not None:
            await self.in_thread(client, response.close)

    async def in_thread(self, client: str, work: Callable[[], T]) -> T:
        """Like ``loop.run_in_executor``, but fair between clients, and without its three callbacks per result."""
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
            # Free the slot now that the thread is free, even if the waiting task was cancelled.
            self.queue.leave()
            if not done.done():
                outcome(value)

        await self.queue.enter(client)
        self.pool.submit(run)
        return await done

    def call_app(
        self, environ: Environ, client: str, receive: Receive, send: Send, loop: asyncio.AbstractEventLoop
    ) -> WsgiResponse:
        """Call the WSGI application, in a thread; a body of unknown length is sent from here."""
        start = StartResponse()
        body = self.app(environ, start)
        is_whole = start.has_length or environ["REQUEST_METHOD"] == "HEAD" or start.status in (204, 304)
        close: Callable[[], object] = getattr(body, "close", lambda: None)
        if is_whole and environ.get(AFTER_RESPONSE):
            return WsgiResponse(start, b"".join(body), close)
        try:
            if is_whole:
                return WsgiResponse(start, b"".join(body))
            with self.streams.hold(client):
                stream(body, head(start.status, start.headers), receive, send, loop)
        except ClientGone:
            return WsgiResponse(start, None)
        finally:
            close()
        return WsgiResponse(start, None)


async def send_whole(send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    await send(head(status, headers))
    await send({"type": "http.response.body", "body": body})


def head(status: int, headers: Iterable[tuple[str, str]]) -> Message:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": raw}
