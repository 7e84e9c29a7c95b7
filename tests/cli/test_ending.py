"""A process that is told to stop hears it, finishes what runs, and is gone within its time."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from aiosmtpd.controller import Controller
from granian.constants import Interfaces
from sqlalchemy import text

from tests import factories
from tests.cli.conftest import PASSWORD
from tests.cli.serving import ROOT, free_port, serving, start
from tests.script import Script
from webapp.cli import signals
from webapp.cli.ending import GRACE, Ending
from webapp.cli.server import Server
from webapp.credentials import usage
from webapp.kernel.clock import now
from webapp.kernel.worker import Worker

# Its main thread is deaf for a minute: as one that lies down to wait when the signal comes, but whenever we like.
DEAF = """
import hashlib, os
from webapp.cli import signals
signals.hear(lambda: os._exit(0))
print("ready", flush=True)
hashlib.pbkdf2_hmac("sha256", b"", b"", 300_000_000)
"""


def test_a_signal_is_heard_while_the_main_thread_hears_nothing():
    with subprocess.Popen([sys.executable, "-c", DEAF], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(2) == 0
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


def test_requests_that_run_are_finished_however_often_it_is_told_to_stop(house):
    with serving(start(house, WEBAPP_WORKERS="1")) as (server,):
        clients = [Client(server, *half) for half in HALVES]
        (worker,) = workers_of(server)
        # As two Ctrl-C and what the parent sends: a third setting of granian's own signal would never return.
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGTERM):
            os.kill(worker, number)
        server.process.send_signal(signal.SIGTERM)
        answers = [client.finish() for client in clients]
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < GRACE / 2
    assert [answer.split()[1] for answer in answers] == [b"403", b"401", b"200"]
    assert all(answer.endswith((b"}", b"\r\n")) for answer in answers)
    assert "refused to gracefully stop" not in server.complained


class SlowCatcher:
    """A mail server that takes its time over the one mail it gets."""

    def __init__(self):
        self.is_told, self.goes_on, self.mails = threading.Event(), threading.Event(), 0

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's
        self.is_told.set()
        await asyncio.to_thread(self.goes_on.wait, 5)
        self.mails += 1
        return "250 OK"


def test_the_mail_that_is_being_sent_is_sent_and_noted(run, add, house):
    add("ada")
    catcher = SlowCatcher()
    controller = Controller(catcher, hostname="127.0.0.1", port=free_port())
    controller.start()
    mail = {"WEBAPP_SMTP_URL": f"smtp://127.0.0.1:{controller.port}", "WEBAPP_MAIL_FROM": "l@example.org"}
    try:
        with serving(start(house, WEBAPP_WORKERS="1", **mail)) as (server,):
            for client in ("curl/8", "another"):
                # Of the second, which was not seen before, its owner is told.
                sent = {"username": "ada", "password": PASSWORD}
                httpx.post(f"{server.url}/api/auth", json=sent, headers={"User-Agent": client}).raise_for_status()
            assert catcher.is_told.wait(5)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            catcher.goes_on.set()
            assert server.stop() == 0
    finally:
        controller.stop()
    (noted,) = json.loads(run("mail list --json").stdout)
    assert (catcher.mails, noted["state"], noted["tries"]) == (1, "sent", 1)


def test_in_each_process_one_thread_hears_what_stops_it_and_not_the_main_one(house):
    with serving(start(house, WEBAPP_WORKERS="1")) as (server,):
        processes = [server.process.pid, *workers_of(server)]
        hearing = [open_to_stops(pid) for pid in processes]
        assert [len(threads) for threads in hearing] == [1, 1]
        assert not {thread for threads in hearing for thread in threads} & set(processes)


class Busy(Worker):
    """Has a piece of work in hand when it is told to stop."""

    def __init__(self):
        super().__init__("busy")
        self.goes_on, self.has_finished = threading.Event(), False

    def run(self):
        self._told.wait()
        self.goes_on.wait()
        self.has_finished = True


@pytest.fixture
def busy():
    worker = Busy()
    worker.start()
    yield worker
    worker.goes_on.set()


@pytest.fixture
def served():
    """Granian's handler, which is there as soon as the application is served."""
    told = []
    former = signal.signal(signal.SIGTERM, lambda number, _frame: told.append(number))
    yield told
    signal.signal(signal.SIGTERM, former)


@pytest.fixture
def counted(app, user):
    """A use that is not yet written; asking says whether it is."""
    issued = factories.api_token(app, user)
    script = Script(app, issued.token)
    script.get("/protected")
    script.get("/protected")

    def is_written():
        with app.extensions["database"].read() as db:
            days = usage.by_day(db, [issued.credential.id], since=now().date())
            return sum(days[issued.credential.id].values()) == 2

    assert not is_written()
    return is_written


def test_work_in_hand_is_finished_and_counts_are_written_before_it_leaves(monkeypatch, app, busy, served, counted):
    monkeypatch.setattr("webapp.cli.ending.later", lambda _seconds, _act: None)
    seen = []
    ending = Ending(lambda code: seen.append((code, busy.has_finished, counted())))
    ending.concerns(app.extensions["meter"], busy)
    ending.begin()
    assert (served, busy.is_told, seen) == ([signal.SIGTERM], True, [])
    threading.Timer(0.1, busy.goes_on.set).start()
    ending.finish()
    assert seen == [(0, True, True)]


def test_what_does_not_end_is_left_behind_and_counts_are_written_all_the_same(monkeypatch, app, busy, served, counted):
    monkeypatch.setattr("webapp.cli.ending.GRACE", 0.2)
    left = threading.Event()
    ending = Ending(lambda _code: left.set())
    ending.concerns(app.extensions["meter"], busy)
    # Nobody calls finish: a request runs for ever, and the main thread waits for it.
    ending.begin()
    assert left.wait(1.5)
    assert (busy.has_finished, counted()) == (False, True)


def test_it_leaves_though_the_last_writing_waits_for_another_writer(monkeypatch, app, served, counted):
    monkeypatch.setattr("webapp.cli.ending.GRACE", 0.1)
    monkeypatch.setattr("webapp.cli.ending.CERTAINLY", 0.3)
    left = threading.Semaphore(0)
    ending = Ending(lambda _code: left.release())
    ending.concerns(app.extensions["meter"])
    with app.extensions["database"].write() as db:
        db.execute(text("DELETE FROM chore"))
        ending.begin()
        assert left.acquire(timeout=1.5)
        assert not counted()
    # What would have been the end of the process did not end the thread that writes.
    assert left.acquire(timeout=5)


def test_told_before_it_serves_it_leaves_at_once(monkeypatch):
    monkeypatch.setattr(signal, "getsignal", lambda _number: signal.SIG_DFL)
    left = []
    Ending(left.append).begin()
    assert left == [0]


class Process:
    """A worker as its parent knows it; its end is noted a little late, or never."""

    def __init__(self, *, looks):
        self.idx, self.looks, self.was_killed = 0, looks, False

    def is_alive(self):
        self.looks -= 1
        return self.looks >= 0

    def join(self, timeout=None):
        """Over at once: it has ended, or nobody waits so long here."""

    def terminate(self):
        pass

    def kill(self):
        self.was_killed = True


@pytest.mark.parametrize(("looks", "is_killed"), [(5, False), (10**6, True)])
def test_a_worker_is_killed_that_refuses_to_stop_and_not_one_whose_end_is_noted_late(monkeypatch, looks, is_killed):
    monkeypatch.setattr("webapp.cli.server.PATIENCE", 0.2)
    server, process = Server("nowhere:at_all", interface=Interfaces.WSGI, workers_kill_timeout=1), Process(looks=looks)
    server.wrks = [process]
    server._stop_workers()
    assert process.was_killed == is_killed


def workers_of(server):
    """Those processes it has started that serve; the other one keeps account of shared memory."""
    pid = server.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def open_to_stops(pid):
    """The threads that such a signal reaches; one that waits for it lets it through for so long."""
    masks = {
        int(task.name): int(re.search(r"SigBlk:\s*(\w+)", (task / "status").read_text())[1], 16)
        for task in Path(f"/proc/{pid}/task").iterdir()
    }
    return [task for task, mask in masks.items() if any(not mask & 1 << (number - 1) for number in signals.STOPS)]
