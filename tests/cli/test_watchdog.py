"""The watchdog: which workers it takes for hung."""

import asyncio
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from webapp.cli import watchdog
from webapp.cli.watchdog import INSTANT, STARTING, NotHealthy, Watchdog, beat, probe

TIMEOUT = timedelta(seconds=30)


@pytest.fixture
def killed(monkeypatch):
    pids = []
    monkeypatch.setattr(watchdog, "kill", pids.append)
    return pids


def looking(folder, now, *, beats=None, started=0.0, times=2):
    if beats is not None:
        (folder / "7").write_bytes(INSTANT.pack(beats))
    dog = Watchdog(folder, TIMEOUT, lambda: [(7, started)])
    for _ in range(times):
        dog.look(now)


@pytest.mark.parametrize(
    ("silence", "is_killed"), [(0, False), (30, False), (31, True)], ids=["just now", "as long as allowed", "longer"]
)
def test_a_worker_is_killed_once_its_last_heartbeat_is_older_than_allowed(tmp_path, killed, silence, is_killed):
    looking(tmp_path, 1000.0, beats=1000.0 - silence)
    assert bool(killed) is is_killed


def test_it_is_killed_only_if_it_is_silent_twice_in_a_row(tmp_path, killed):
    looking(tmp_path, 1000.0, beats=0.0, times=1)
    assert not killed


def test_one_that_was_silent_once_and_then_answered_is_left_alone(tmp_path, killed):
    (tmp_path / "7").write_bytes(INSTANT.pack(0.0))
    dog = Watchdog(tmp_path, TIMEOUT, lambda: [(7, 0.0)])
    dog.look(1000.0)
    (tmp_path / "7").write_bytes(INSTANT.pack(1000.5))
    dog.look(1001.0)
    (tmp_path / "7").write_bytes(INSTANT.pack(0.0))
    dog.look(1002.0)
    assert not killed


@pytest.mark.parametrize(("age", "is_killed"), [(0, False), (1, True)])
def test_one_that_never_answered_has_longer_because_it_starts(tmp_path, killed, age, is_killed):
    looking(tmp_path, 1000.0 + STARTING.total_seconds() + age, started=1000.0)
    assert bool(killed) is is_killed


def test_a_heartbeat_is_noted_after_the_application_has_answered(app, tmp_path):
    before = time.monotonic()

    async def beat_once():
        with ThreadPoolExecutor(1) as pool:
            task = asyncio.create_task(beat(tmp_path, app, pool))
            file = tmp_path / str(os.getpid())
            while not (file.exists() and file.stat().st_size):
                await asyncio.sleep(0.001)
            task.cancel()
        return INSTANT.unpack(file.read_bytes())[0]

    assert asyncio.run(beat_once()) >= before


def test_a_probe_that_is_not_answered_with_200_is_no_heartbeat(app):
    app.view_functions["site.healthz"] = lambda: ("", 503)
    with pytest.raises(NotHealthy):
        probe(app)
