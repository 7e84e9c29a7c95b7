"""stream(): sends a WSGI response of unknown length over ASGI from a thread, with time limits."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

PART = 64 * 1024
"""Bytes per ASGI message; the parts of a WSGI body are collected, as they are often single lines, except for events."""
LONGEST_PART = 30.0
"""Seconds that a client may take to receive one message."""
LONGEST = 300.0
"""Seconds that a client may take to receive the whole response."""


class ClientGone(Exception):
    """The client closed the connection, or takes too long."""


def stream(body: Iterable[bytes], head: Message, receive: Receive, send: Send, loop: asyncio.AbstractEventLoop) -> None:
    """Send a response; blocks the calling thread until it is sent.

    Args:
        head: the ``http.response.start`` message.
        loop: the event loop of ``receive`` and ``send``.

    Raises:
        ClientGone: before the end of the response.
    """
    disconnection = asyncio.run_coroutine_threadsafe(disconnected(receive), loop)
    until = time.monotonic() + LONGEST
    try:
        deliver(head, send, disconnection, loop)
        for part in body if is_event_stream(head) else collected(body):
            if time.monotonic() > until:
                raise ClientGone
            deliver({"type": "http.response.body", "body": part, "more_body": True}, send, disconnection, loop)
        deliver({"type": "http.response.body", "body": b""}, send, disconnection, loop)
    finally:
        disconnection.cancel()


def is_event_stream(head: Message) -> bool:
    """Whether the body is server-sent events, each of which is sent at once (HTML Standard §9.2)."""
    return any(name == b"content-type" and value.startswith(b"text/event-stream") for name, value in head["headers"])


def collected(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in parts of at least ``PART`` bytes, but for the last."""
    buffer = bytearray()
    for part in parts:
        buffer += part
        if len(buffer) >= PART:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def deliver(message: Message, send: Send, disconnection: "Future[None]", loop: asyncio.AbstractEventLoop) -> None:
    """Send one message and wait until it is sent.

    Raises:
        ClientGone: it disconnected, or took longer than ``LONGEST_PART``.
    """
    # ``send`` may return any awaitable, but run_coroutine_threadsafe needs a coroutine.
    sending_done = asyncio.run_coroutine_threadsafe(sending(message, send), loop)
    done, _ = wait((sending_done, disconnection), LONGEST_PART, FIRST_COMPLETED)
    if disconnection in done or not done:
        sending_done.cancel()
        raise ClientGone
    sending_done.result()


async def sending(message: Message, send: Send) -> None:
    await send(message)


async def disconnected(receive: Receive) -> None:
    """Return when the client disconnects."""
    while (await receive())["type"] != "http.disconnect":
        """For a request without a body, an empty ``http.request`` comes first."""
