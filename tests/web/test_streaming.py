"""Responses of unknown length: sent from a thread, to a server whose ``send`` is no coroutine, for a bounded time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask import Flask, Response

from tests.event_loop import finished
from tests.web.asgi_scope import scope
from webapp.web import streaming
from webapp.web.asgi import AsgiGateway
from webapp.web.streaming import ClientGone, collected, stream


class Awaitable:
    """As granian returns it: it can be awaited, and is no coroutine."""

    def __init__(self, future):
        self.future = future

    def __await__(self):
        return self.future.__await__()


class Client:
    """Takes ``takes`` messages and then no more; leaves when it is told to."""

    def __init__(self, takes=1000):
        self.takes, self.got, self.has_left = takes, [], asyncio.Event()

    def send(self, message):
        future = asyncio.get_running_loop().create_future()
        if len(self.got) < self.takes:
            self.got.append(message)
            future.set_result(None)
        return Awaitable(future)

    async def receive(self):
        await self.has_left.wait()
        return {"type": "http.disconnect"}

    @property
    def body(self):
        return b"".join(message.get("body", b"") for message in self.got)


HEAD = {"type": "http.response.start", "status": 200, "headers": []}


def streamed(parts, client, *, then=None, head=HEAD):
    async def run():
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1) as pool:
            work = loop.run_in_executor(pool, stream, parts, head, client.receive, client.send, loop)
            if then is not None:
                await then()
            await work

    finished(run())


def test_a_send_that_is_no_coroutine_is_awaited():
    client = Client()
    streamed(iter([b"one", b"two"]), client)
    assert (client.body, client.got[-1].get("more_body", False)) == (b"onetwo", False)


def test_small_parts_are_sent_in_one_message():
    assert [len(part) for part in collected([b"x" * 1000] * 100)] == [66_000, 34_000]


@pytest.mark.parametrize(
    ("kind", "sizes"),
    [("text/event-stream", [5, 5, 0]), ("text/event-stream; charset=utf-8", [5, 5, 0]), ("text/csv", [10, 0])],
)
def test_each_event_is_sent_at_once(kind, sizes):
    client = Client()
    head = HEAD | {"headers": [(b"content-type", kind.encode())]}
    streamed(iter([b"one\n\n", b"two\n\n"]), client, head=head)
    assert [len(message["body"]) for message in client.got[1:]] == sizes


def test_a_disconnect_ends_the_stream_and_its_source():
    client, is_closed = Client(takes=2), []

    def endless():
        try:
            while True:
                yield b"x" * streaming.PART
        finally:
            is_closed.append(True)

    async def leave():
        while len(client.got) < 2:
            await asyncio.sleep(0.001)
        client.has_left.set()

    source = endless()
    with pytest.raises(ClientGone):
        streamed(source, client, then=leave)
    source.close()
    assert is_closed


def test_a_client_that_reads_nothing_ends_the_stream(monkeypatch):
    monkeypatch.setattr(streaming, "LONGEST_PART", 0.02)
    with pytest.raises(ClientGone):
        streamed(iter([b"x"] * 3), Client(takes=1))


def test_the_total_time_of_a_stream_is_limited(monkeypatch):
    monkeypatch.setattr(streaming, "LONGEST", -1.0)
    with pytest.raises(ClientGone):
        streamed(iter([b"x"]), Client())


def test_one_client_can_use_only_its_share_of_threads_for_streams():
    app = Flask("bare")
    app.add_url_rule("/stream", "stream", view_func=lambda: Response(iter([b"x" * streaming.PART] * 3)))
    app.add_url_rule("/", "else", view_func=lambda: "else")

    async def run():
        target = AsgiGateway(app.wsgi_app, threads=8, body_limit=1, body_timeout=timedelta(seconds=1))
        slow = Client(takes=1)
        tasks = [asyncio.create_task(target(scope("GET", b"/stream"), slow.receive, slow.send))]
        while not slow.got:
            await asyncio.sleep(0.001)
        refused, other = Client(), Client()
        await target(scope("GET", b"/stream"), refused.receive, refused.send)
        await target(scope("GET", b"/"), other.receive, other.send)
        slow.has_left.set()
        await asyncio.gather(*tasks)
        return refused.got[0]["status"], other.got[0]["status"]

    assert finished(run()) == (503, 200)
