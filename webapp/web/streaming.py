"""stream(): sends a WSGI response of unknown length from a thread, for a bounded time, until its client has gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

# Bytes that are sent at a time: a part of the application's is often a line.
PART = 64 * 1024
# Seconds that a client may take for one of them, and for all.
LONGEST_PART = 30.0
LONGEST = 300.0


class ClientGone(Exception):
    """The client closed the connection, or takes too long."""


def stream(body: Iterable[bytes], head: Message, receive: Receive, send: Send, loop: asyncio.AbstractEventLoop) -> None:
    """
    Raises:
        ClientGone
    """
    gone = asyncio.run_coroutine_threadsafe(disconnected(receive), loop)
    until = time.monotonic() + LONGEST
    try:
        deliver(head, send, gone, loop)
        for part in gathered(body):
            if time.monotonic() > until:
                raise ClientGone
            deliver({"type": "http.response.body", "body": part, "more_body": True}, send, gone, loop)
        deliver({"type": "http.response.body", "body": b""}, send, gone, loop)
    finally:
        gone.cancel()


def gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    whole = bytearray()
    for part in parts:
        whole += part
        if len(whole) >= PART:
            yield bytes(whole)
            whole.clear()
    if whole:
        yield bytes(whole)


def deliver(message: Message, send: Send, gone: "Future[None]", loop: asyncio.AbstractEventLoop) -> None:
    # A coroutine of our own: what a server's ``send`` returns need only be awaitable.
    sent = asyncio.run_coroutine_threadsafe(sending(message, send), loop)
    done, _ = wait((sent, gone), LONGEST_PART, FIRST_COMPLETED)
    if gone in done or not done:
        sent.cancel()
        raise ClientGone
    sent.result()


async def sending(message: Message, send: Send) -> None:
    await send(message)


async def disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        """Of a request without a body, the end of the body comes first."""
