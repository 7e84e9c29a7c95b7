"""Shutdown of a process: running work is finished, counts are written, and what exceeds the time limit is stopped."""

import threading

import pytest
from granian.constants import Interfaces
from sqlalchemy import text

from tests import factories
from tests.script import Script
from webapp.cli.granian_server import Server
from webapp.cli.shutdown import Shutdown
from webapp.core.background_worker import BackgroundWorker
from webapp.core.clock import now
from webapp.core.db import Database
from webapp.credentials import usage_tracker
from webapp.credentials.usage_tracker import UsageTracker
from webapp.web.registry import services_of


class Busy(BackgroundWorker):
    """Has a piece of work in hand when it is told to stop."""

    def __init__(self):
        super().__init__("busy")
        self.goes_on, self.has_finished = threading.Event(), False

    def run(self):
        self._stopping.wait()
        self.goes_on.wait()
        self.has_finished = True


@pytest.fixture
def busy():
    worker = Busy()
    worker.start()
    yield worker
    worker.goes_on.set()


class Served:
    """A server that is told to stop, and says that it was serving."""

    def __init__(self):
        self.told = 0

    def __call__(self):
        self.told += 1
        return True


@pytest.fixture
def served():
    return Served()


@pytest.fixture
def counted(app, user):
    """A use that is not yet written; asking says whether it is."""
    issued = factories.api_token(app, user)
    script = Script(app, issued.token)
    script.get("/protected")
    script.get("/protected")

    def is_written():
        with services_of(app).get(Database).read() as db:
            days = usage_tracker.by_day(db, [issued.credential.id], since=now().date())
            return sum(days[issued.credential.id].values()) == 2

    assert not is_written()
    return is_written


def test_running_work_is_finished_and_counts_are_written_before_exit(monkeypatch, app, busy, served, counted):
    monkeypatch.setattr("webapp.cli.shutdown.later", lambda _seconds, _act: None)
    seen = []
    ending = Shutdown(served, lambda code: seen.append((code, busy.has_finished, counted())))
    ending.concerns(services_of(app).get(UsageTracker), busy)
    ending.begin()
    assert (served.told, busy.is_stopping, seen) == (1, True, [])
    threading.Timer(0.1, busy.goes_on.set).start()
    ending.finish()
    assert seen == [(0, True, True)]


def test_work_that_does_not_end_is_abandoned_and_counts_are_written(monkeypatch, app, busy, served, counted):
    monkeypatch.setattr("webapp.cli.shutdown.GRACE", 0.2)
    left = threading.Event()
    ending = Shutdown(served, lambda _code: left.set())
    ending.concerns(services_of(app).get(UsageTracker), busy)
    # Nobody calls finish: a request runs for ever, and the main thread waits for it.
    ending.begin()
    assert left.wait(30)
    assert (busy.has_finished, counted()) == (False, True)


def test_the_process_exits_although_the_last_write_is_blocked(monkeypatch, app, served, counted):
    monkeypatch.setattr("webapp.cli.shutdown.GRACE", 0.1)
    monkeypatch.setattr("webapp.cli.shutdown.HARD_LIMIT", 0.3)
    left = threading.Semaphore(0)
    ending = Shutdown(served, lambda _code: left.release())
    ending.concerns(services_of(app).get(UsageTracker))
    with services_of(app).get(Database).write() as db:
        db.execute(text("DELETE FROM job"))
        ending.begin()
        # Sooner than the database gives up on its lock, after five seconds.
        assert left.acquire(timeout=4)
        assert not counted()
    # What would have been the end of the process did not end the thread that writes.
    assert left.acquire(timeout=30)


def test_a_signal_before_serving_exits_at_once():
    left = []
    Shutdown(lambda: False, left.append).begin()
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
def test_only_a_worker_that_does_not_stop_is_killed(monkeypatch, looks, is_killed):
    monkeypatch.setattr("webapp.cli.granian_server.KILL_AFTER", 0.2)
    server, process = (
        Server("nowhere:at_all", interface=Interfaces.ASGINL, workers_kill_timeout=1),
        Process(looks=looks),
    )
    server.wrks = [process]
    server._stop_workers()
    assert process.was_killed == is_killed
