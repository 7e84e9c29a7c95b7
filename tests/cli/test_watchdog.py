"""The watchdog: which workers count as hung."""

import asyncio
import os
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.event_loop import finished
from webapp.cli import heartbeat as heartbeats
from webapp.cli import watchdog
from webapp.cli.heartbeat import NotHealthy, probe, write_heartbeats
from webapp.cli.watchdog import INSTANT, STARTING, STOPPED, Watchdog

TIMEOUT = timedelta(seconds=30)


@pytest.fixture
def killed(monkeypatch):
    pids = []
    monkeypatch.setattr(watchdog, "kill", pids.append)
    return pids


def looking(folder, now, *, heartbeat=None, started=0.0, times=2):
    if heartbeat is not None:
        (folder / "7").write_bytes(INSTANT.pack(heartbeat))
    watching = Watchdog(folder, TIMEOUT, lambda: [(7, started)])
    for _ in range(times):
        watching.check(now)


@pytest.mark.parametrize(
    ("silence", "is_killed"), [(0, False), (30, False), (31, True)], ids=["just now", "as long as allowed", "longer"]
)
def test_a_worker_is_killed_once_its_last_heartbeat_is_older_than_allowed(tmp_path, killed, silence, is_killed):
    looking(tmp_path, 1000.0, heartbeat=1000.0 - silence)
    assert bool(killed) is is_killed


def test_a_worker_is_killed_only_if_it_is_silent_twice_in_a_row(tmp_path, killed):
    looking(tmp_path, 1000.0, heartbeat=0.0, times=1)
    assert not killed


def test_a_worker_that_answers_again_is_not_killed(tmp_path, killed):
    (tmp_path / "7").write_bytes(INSTANT.pack(0.0))
    watching = Watchdog(tmp_path, TIMEOUT, lambda: [(7, 0.0)])
    watching.check(1000.0)
    (tmp_path / "7").write_bytes(INSTANT.pack(1000.5))
    watching.check(1001.0)
    (tmp_path / "7").write_bytes(INSTANT.pack(0.0))
    watching.check(1002.0)
    assert not killed


@pytest.mark.parametrize(("age", "is_killed"), [(0, False), (1, True)])
def test_a_starting_worker_has_more_time(tmp_path, killed, age, is_killed):
    looking(tmp_path, 1000.0 + STARTING.total_seconds() + age, started=1000.0)
    assert bool(killed) is is_killed


def heartbeat_after(app, folder, progress, *, looks):
    """Whether a heartbeat was noted when ``progress`` had been asked ``looks`` times."""
    asked = []

    def next_progress():
        asked.append(1)
        return progress(len(asked))

    async def run():
        task = asyncio.create_task(write_heartbeats(folder, app, next_progress))
        while len(asked) < looks and not task.done():
            await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return (folder / str(os.getpid())).read_bytes()

    return finished(run())


def test_a_heartbeat_is_written_after_the_application_has_answered(app, tmp_path):
    before = time.monotonic()
    assert INSTANT.unpack(heartbeat_after(app, tmp_path, lambda _look: None, looks=1))[0] >= before


@pytest.mark.parametrize(
    ("progress", "heartbeat"),
    [
        pytest.param(lambda _look: None, True, id="a thread is free"),
        pytest.param(lambda look: look, True, id="all are busy, and requests are finished"),
        pytest.param(lambda _look: 7, False, id="all are busy, and none is finished"),
    ],
)
def test_a_busy_worker_is_not_killed(app, tmp_path, monkeypatch, progress, heartbeat):
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.0)
    noted = []
    monkeypatch.setattr(watchdog.os, "pwrite", lambda *_: noted.append(1))
    heartbeat_after(app, tmp_path, progress, looks=4)
    # The first number is new in any case.
    assert (len(noted) > 1) is heartbeat


def test_a_probe_that_is_not_answered_with_200_is_no_heartbeat(app):
    app.view_functions["site.healthz"] = lambda: ("", 503)
    with pytest.raises(NotHealthy):
        probe(app)


@pytest.fixture
def process():
    sleeper = subprocess.Popen(["sleep", "60"])
    yield sleeper
    sleeper.kill()
    sleeper.wait()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system does not say which process is stopped")
def test_a_worker_stopped_by_a_signal_is_killed_after_three_checks(tmp_path, killed, process):
    watching = Watchdog(tmp_path, TIMEOUT, lambda: [(process.pid, 1000.0)])
    for sent, looks, expected in (
        (signal.SIGSTOP, STOPPED - 1, []),
        (signal.SIGCONT, 1, []),
        (signal.SIGSTOP, STOPPED, [process.pid]),
    ):
        process.send_signal(sent)
        os.waitpid(process.pid, os.WUNTRACED | os.WCONTINUED)
        for _ in range(looks):
            watching.check(1000.0)
        assert killed == expected
