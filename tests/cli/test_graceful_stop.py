"""A served site that gets SIGTERM finishes running requests and ends within its time limit."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller

from tests.cli.conftest import PASSWORD
from tests.cli.serving import ROOT, serving, start
from tests.cli.shared_servers import workers_of
from tests.ports import free_port
from webapp.cli import signals

# Its main thread is deaf for a minute: as one that lies down to wait when the signal comes, but whenever we like.
DEAF = """
import hashlib, os
from webapp.cli import signals
signals.on_stop(lambda: os._exit(0))
print("ready", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 300_000_000)
"""


def test_a_signal_is_handled_while_the_main_thread_is_blocked():
    with subprocess.Popen([sys.executable, "-c", DEAF], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(30) == 0
        finally:
            process.kill()


class Client:
    """Sends half of a request, and the other half when it is asked to."""

    def __init__(self, server, path, kind, body):
        self.rest = body[3:]
        self.socket = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5)
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        self.socket.sendall(f"{head}Accept: application/json\r\nExpect: 100-continue\r\n\r\n".encode())
        # Said when the view begins to read: from now on a thread of the worker is at it.
        assert self.socket.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        self.socket.sendall(body[:3])

    def finish(self):
        """The answer, to its end."""
        self.socket.sendall(self.rest)
        with self.socket, self.socket.makefile("rb") as answer:
            return answer.read()


HALVES = [
    ("/login", "application/x-www-form-urlencoded", b"username=ada&password=wrong"),
    ("/api/auth", "application/json", b'{"username": "ada", "password": "wrong"}'),
    ("/api/auth/revoke", "application/x-www-form-urlencoded", b"token=nonsense"),
]


class SlowCatcher:
    """A mail server that takes its time over the one mail it gets."""

    def __init__(self):
        self.is_told, self.goes_on, self.mails = threading.Event(), threading.Event(), 0

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        self.is_told.set()
        await asyncio.to_thread(self.goes_on.wait, 5)
        self.mails += 1
        return "250 OK"


@contextmanager
def catching():
    catcher = SlowCatcher()
    controller = Controller(catcher, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield catcher, f"smtp://127.0.0.1:{controller.port}"
    finally:
        controller.stop()


def test_running_requests_and_the_mail_being_sent_are_finished_despite_repeated_signals(run, add, instance):
    add("ada")
    mail = {"WEBAPP_MAIL_FROM": "l@example.org"}
    with catching() as (catcher, url), serving(start(instance, WEBAPP_SMTP_URL=url, **mail)) as (server,):
        for client in ("curl/8", "another"):
            # Of the second, which was not seen before, its owner is told.
            sent = {"username": "ada", "password": PASSWORD}
            httpx.post(f"{server.url}/api/auth", json=sent, headers={"User-Agent": client}).raise_for_status()
        assert catcher.is_told.wait(60)
        clients = [Client(server, *half) for half in HALVES]
        (worker,) = workers_of(server)
        # As two Ctrl-C and what the parent sends: a third setting of granian's own signal would never return.
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            os.kill(worker, number)
        server.process.send_signal(signal.SIGTERM)
        answers = [client.finish() for client in clients]
        catcher.goes_on.set()
        assert server.stop() == 0
    assert [answer.split()[1] for answer in answers] == [b"403", b"401", b"200"]
    assert all(answer.endswith((b"}", b"\r\n")) for answer in answers)
    assert "refused to gracefully stop" not in server.complained
    (noted,) = json.loads(run("mail list --json").stdout)
    assert (catcher.mails, noted["state"], noted["tries"]) == (1, "sent", 1)


@pytest.mark.xdist_group("two_workers")
def test_in_each_process_one_thread_other_than_main_receives_signals(two_workers):
    processes = [two_workers.process.pid, *workers_of(two_workers)]
    hearing = [open_to_stops(pid) for pid in processes]
    assert [len(threads) for threads in hearing] == [1, 1, 1]
    assert not {thread for threads in hearing for thread in threads} & set(processes)


def open_to_stops(pid):
    """The threads that such a signal reaches; one that waits for it lets it through for so long."""
    masks = {
        int(task.name): int(re.search(r"SigBlk:\s*(\w+)", (task / "status").read_text())[1], 16)
        for task in Path(f"/proc/{pid}/task").iterdir()
    }
    return [task for task, mask in masks.items() if any(not mask & 1 << (number - 1) for number in signals.STOPS)]
