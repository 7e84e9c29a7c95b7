"""The gateway from ASGI to the application: what it reads, how long it waits, and what it refuses by itself."""

import asyncio
import json
import threading
from datetime import timedelta

import pytest
from flask import Flask, Response, request

from tests.event_loop import finished
from tests.web.asgi_scope import CHUNKED, LENGTH_5, scope
from webapp.web import after_response, asgi
from webapp.web.asgi import AsgiGateway
from webapp.web.bare_problem import BUSY

LIMIT = 100
NEVER = object()


@pytest.fixture
def view():
    """A bare application with a few views; ``seen`` is what happened, in order."""
    app = Flask("bare")
    app.seen = []

    @app.route("/echo", methods=["GET", "POST"])
    def echo():
        return request.get_data()

    @app.post("/unread")
    def unread():
        return "never read"

    @app.get("/later")
    def later():
        after_response.after_response(lambda: app.seen.append("work"))
        return "sent first"

    @app.get("/stream")
    def stream():
        return Response(iter(["one", "two"]))

    @app.get("/fault")
    def fault():
        raise ValueError

    return app


def gateway(app, **options):
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    return AsgiGateway(
        app.wsgi_app,
        **{"threads": 2, "body_limit": LIMIT, "body_timeout": timedelta(seconds=0.05)} | options,
    )


def call(target, asked, *parts):
    """Send a request whose body comes in ``parts``; one that is NEVER does not come. Returns status, headers, body."""
    return finished(exchange(target, asked, *parts))


async def exchange(target, asked, *parts, seen=None):
    waiting, sent = list(parts) or [b""], []

    async def receive():
        part = waiting.pop(0) if waiting else NEVER
        if part is NEVER:
            await asyncio.Event().wait()
        if part is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message):
        sent.append(message)
        if seen is not None:
            seen.append(message["type"])

    await target(asked, receive, send)
    if not sent:
        return None
    head = sent[0]
    return head["status"], dict(head["headers"]), b"".join(part.get("body", b"") for part in sent[1:])


@pytest.mark.parametrize("framing", [LENGTH_5, CHUNKED], ids=["with a length", "chunked"])
def test_a_body_in_parts_reaches_the_view_complete(view, framing):
    assert call(gateway(view), scope("POST", b"/echo", framing), b"he", b"", b"llo")[::2] == (200, b"hello")


def test_a_body_that_does_not_arrive_in_time_is_answered_with_408(view):
    assert call(gateway(view), scope("POST", b"/echo", LENGTH_5), b"he", NEVER)[0] == 408


def test_a_view_that_reads_no_body_answers_without_one(view):
    assert call(gateway(view), scope("POST", b"/unread", LENGTH_5), b"", NEVER)[::2] == (200, b"never read")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_methods_without_a_body_do_not_wait_for_one(view, method):
    wait_forever = gateway(view, body_timeout=timedelta(days=1))
    assert call(wait_forever, scope(method, b"/echo", LENGTH_5), NEVER)[0] == 200


def test_no_thread_is_taken_while_a_body_arrives(view):
    target = gateway(view, threads=1, body_timeout=timedelta(days=1))

    async def others_are_answered():
        slow = [asyncio.create_task(exchange(target, scope("POST", b"/echo", LENGTH_5), NEVER)) for _ in range(20)]
        await asyncio.sleep(0)
        answer = await exchange(target, scope("GET"))
        for task in slow:
            task.cancel()
        return answer

    assert finished(others_are_answered())[0] == 200


@pytest.mark.parametrize(
    "framing", [(b"content-length", b"%d" % (LIMIT * 9)), CHUNKED], ids=["with a length", "chunked"]
)
def test_a_body_over_the_limit_is_not_read_further(view, framing):
    target, parts = gateway(view), [b"x" * 60] * 9
    given = []

    async def receive():
        given.append(1)
        return {"type": "http.request", "body": parts.pop(), "more_body": True}

    sent = []

    async def send(message):
        sent.append(message)

    finished(target(scope("POST", b"/echo", framing), receive, send))
    assert (sent[0]["status"], len(given)) == (413, 2)


def test_a_truncated_or_malformed_body_is_answered_with_400(view):
    assert call(gateway(view), scope("POST", b"/echo", LENGTH_5), b"he", None)[0] == 400


def test_the_number_of_bodies_per_client_is_limited_without_delaying_others(view):
    target = gateway(view, body_timeout=timedelta(days=1))

    async def try_it():
        slow = [
            asyncio.create_task(exchange(target, scope("POST", b"/echo", LENGTH_5), NEVER))
            for _ in range(asgi.BODIES_PER_CLIENT)
        ]
        await asyncio.sleep(0)
        same = await exchange(target, scope("POST", b"/echo", LENGTH_5), b"hello")
        reading = await exchange(target, scope("GET"))
        other = await exchange(target, scope("POST", b"/echo", LENGTH_5, client="203.0.113.6"), b"hello")
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        again = await exchange(target, scope("POST", b"/echo", LENGTH_5), b"hello")
        return same, reading, other, again

    same, reading, other, again = finished(try_it())
    assert (same[0], same[1][b"retry-after"]) == (503, b"1")
    assert [answer[0] for answer in (reading, other, again)] == [200, 200, 200]
    assert not target.bodies


def test_requests_beyond_the_queue_get_503_and_queued_ones_keep_waiting(view, monkeypatch):
    monkeypatch.setattr(asgi, "QUEUED_PER_THREAD", 3)
    is_let_go = threading.Event()
    view.add_url_rule("/wait", view_func=lambda: str(is_let_go.wait(10)))
    target = gateway(view, threads=1)

    async def try_it():
        # Of four places one client alone gets half.
        running = [asyncio.create_task(exchange(target, scope("GET", b"/wait"))) for _ in range(2)]
        await asyncio.sleep(0)
        refused = await exchange(target, scope("GET", b"/wait"))
        running.append(asyncio.create_task(exchange(target, scope("GET", b"/wait", client="203.0.113.6"))))
        await asyncio.sleep(0)
        is_let_go.set()
        return refused, await asyncio.gather(*running)

    refused, answered = finished(try_it())
    assert (refused[0], refused[1][b"retry-after"]) == (503, b"1")
    assert json.loads(refused[2])["detail"] == BUSY
    assert [answer[0] for answer in answered] == [200, 200, 200]


def test_waiting_clients_are_answered_in_turn(view):
    is_let_go, order = threading.Event(), []

    @view.get("/turn/<name>")
    def turn(name):
        is_let_go.wait(10)
        order.append(name)
        return ""

    async def try_it():
        target = gateway(view, threads=1)
        asked = [("a", "203.0.113.5")] * 5 + [("b", "203.0.113.6")]
        tasks = []
        for name, client in asked:
            tasks.append(asyncio.create_task(exchange(target, scope("GET", f"/turn/{name}".encode(), client=client))))
            await asyncio.sleep(0)
        is_let_go.set()
        await asyncio.gather(*tasks)

    finished(try_it())
    # The first was at it already; of those who wait, b comes second and not last.
    assert order == ["a", "a", "b", "a", "a", "a"]


def test_progress_is_reported_while_all_threads_are_busy(view):
    is_let_go = threading.Event()
    view.add_url_rule("/wait", view_func=lambda: str(is_let_go.wait(10)))
    target = gateway(view, threads=1)

    async def try_it():
        free = target.progress()
        task = asyncio.create_task(exchange(target, scope("GET", b"/wait")))
        await asyncio.sleep(0)
        stuck = [target.progress(), target.progress()]
        is_let_go.set()
        await task
        return free, stuck, target.progress(), target.finished

    assert finished(try_it()) == (None, [0, 0], None, 1)


def test_work_after_the_response_runs_after_it_was_sent(view):
    target = gateway(view)
    answer = finished(exchange(target, scope("GET", b"/later"), seen=view.seen))
    target.pool.shutdown()
    assert (answer[2], view.seen) == (b"sent first", ["http.response.start", "http.response.body", "work"])


def test_a_response_of_unknown_length_is_sent_completely(view):
    assert call(gateway(view), scope("GET", b"/stream"))[2] == b"onetwo"


def test_an_error_outside_the_application_is_raised_to_the_server(view):
    view.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ValueError, match=r"^$"):
        call(gateway(view), scope("GET", b"/fault"))
