"""AsgiGateway: serves a WSGI application over ASGI; the event loop reads each body before a thread is taken.

A WSGI server lends a thread to a request as soon as its headers are there, so whoever sends bodies slowly holds all of
them. Here a slow body costs a socket and the bytes that came, for a limited time.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from webapp.web.after_response import AFTER_RESPONSE
from webapp.web.wsgi_environ import Environ, LateBody, StartResponse, environ_of, has_body

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Requests that wait for a thread, for each thread there is; beyond that a caller is told to come back.
QUEUED_PER_THREAD = 25
# Bodies of one client that may be under way at a time in one process.
BODIES_PER_CLIENT = 32
# A client that reads a streamed response holds a thread for so long at most between two parts.
STREAM_TIMEOUT = 30.0


class ClientGone(Exception):
    """The connection was closed before the whole body had come."""


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
        is_proxy: whether an IP address is a trusted proxy, which sends the bodies of many clients.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        *,
        threads: int,
        body_limit: int,
        body_timeout: timedelta,
        is_proxy: Callable[[str], bool] = lambda _address: False,
    ) -> None:
        self.app, self.is_proxy = app, is_proxy
        self.body_limit, self.body_timeout = body_limit, body_timeout.total_seconds()
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.most_pending = threads * (1 + QUEUED_PER_THREAD)
        self.pending = 0
        self.bodies: Counter[str] = Counter()
        self.background: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        environ = environ_of(scope)
        client = environ["REMOTE_ADDR"]
        is_body_due = has_body(environ)
        if self.pending >= self.most_pending or (is_body_due and self.bodies[client] >= BODIES_PER_CLIENT):
            await send_whole(send, 503, [("retry-after", "1"), ("connection", "close")], b"")
            return
        if is_body_due:
            try:
                await self.add_body(environ, receive)
            except ClientGone:
                return
        await self.respond(environ, send)

    async def add_body(self, environ: Environ, receive: Receive) -> None:
        client = environ["REMOTE_ADDR"]
        is_counted = not self.is_proxy(client)
        self.bodies[client] += is_counted
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
            self.bodies[client] -= is_counted
            if not self.bodies[client]:
                del self.bodies[client]

    async def read(self, receive: Receive) -> bytes:
        """The body; of one over the limit as much as shows that it is."""
        body = bytearray()
        while len(body) <= self.body_limit:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientGone
            body += message.get("body", b"")
            if not message.get("more_body", False):
                break
        return bytes(body)

    async def respond(self, environ: Environ, send: Send) -> None:
        answer = await self.in_thread(lambda loop: self.answer_of(environ, send, loop))
        if answer.body is not None:
            await send_whole(send, answer.start.status, answer.start.headers, answer.body)
        if answer.close is not None:
            self.pool.submit(answer.close)

    async def in_thread(self, work: Callable[[asyncio.AbstractEventLoop], WsgiAnswer]) -> WsgiAnswer:
        """As ``loop.run_in_executor``, without the three callbacks that it passes a result through."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[WsgiAnswer] = loop.create_future()

        def run() -> None:
            try:
                answer = work(loop)
            except BaseException as error:
                loop.call_soon_threadsafe(settle, done.set_exception, error)
            else:
                loop.call_soon_threadsafe(settle, done.set_result, answer)

        def settle(outcome: Callable[[Any], None], value: Any) -> None:
            # Cancelled where the process is told to stop and will not wait any longer.
            if not done.done():
                outcome(value)

        self.pending += 1
        try:
            self.pool.submit(run)
            return await done
        finally:
            self.pending -= 1

    def answer_of(self, environ: Environ, send: Send, loop: asyncio.AbstractEventLoop) -> WsgiAnswer:
        start = StartResponse()
        body = self.app(environ, start)
        is_whole = start.has_length or environ["REQUEST_METHOD"] == "HEAD" or start.status in (204, 304)
        close: Callable[[], object] = getattr(body, "close", lambda: None)
        if is_whole and environ.get(AFTER_RESPONSE):
            return WsgiAnswer(start, b"".join(body), close)
        try:
            if is_whole:
                return WsgiAnswer(start, b"".join(body))
            stream(start, body, lambda message: wait_for(send(message), loop))
            return WsgiAnswer(start, None)
        finally:
            close()


def wait_for(sending: Any, loop: asyncio.AbstractEventLoop) -> None:
    asyncio.run_coroutine_threadsafe(sending, loop).result(STREAM_TIMEOUT)


def stream(start: StartResponse, body: Iterable[bytes], send: Callable[[Message], None]) -> None:
    send(head(start.status, start.headers))
    for part in body:
        send({"type": "http.response.body", "body": part, "more_body": True})
    send({"type": "http.response.body", "body": b""})


async def send_whole(send: Send, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> None:
    await send(head(status, headers))
    await send({"type": "http.response.body", "body": body})


def head(status: int, headers: Iterable[tuple[str, str]]) -> Message:
    raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    return {"type": "http.response.start", "status": status, "headers": raw}
