"""The server as it is really started: its worker is killed and replaced, then all of its processes are killed."""

import time
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random

import pytest

from tests import example_counts
from tests.cli import two_nodes
from tests.cli.serving import start
from tests.cli.shared_servers import workers_of
from tests.crashes.login_writes import Refreshed
from tests.crashes.rounds import Rounds
from tests.crashes.sites import PATIENCE, CrashSite, settings_for
from tests.crashes.token_writes import TokenCreated, TokenRevoked
from tests.instance_copies import copied
from tests.journeys.mail_server import listening

WRITES = [TokenRevoked, TokenCreated, Refreshed]
ALL = ("SQLite", 6), ("PostgreSQL", 6)
CASES = ALL if example_counts.EFFORT > 1 else (("SQLite", 1),)
"""Databases, and how often a worker is killed."""
pytestmark = pytest.mark.race


class ServedWorker:
    """``python -m webapp serve`` with one worker."""

    def __init__(self) -> None:
        self.server = None
        self.known = set[int]()

    def start(self, settings: dict[str, str]) -> int:
        """Start the server if none runs, else wait for the worker that replaces the former one; its process ID."""
        deadline, new = time.monotonic() + PATIENCE, set[int]()
        while not new:
            assert time.monotonic() < deadline
            if self.server is None or self.server.process.poll() is not None:
                self.restart(settings)
            # One that ends meanwhile cannot be looked at.
            with suppress(OSError):
                new = set(workers_of(self.server)) - self.known
            time.sleep(0.01)
        self.known |= new
        return new.pop()

    def restart(self, settings: dict[str, str]) -> None:
        """As systemd does: the server ends itself if a worker ends within seconds after it has replaced another."""
        if self.server is not None:
            self.server.stop()
        self.server = start(Path(settings["WEBAPP_INSTANCE"]), **settings)

    def kill(self) -> None:
        """The whole server."""
        two_nodes.kill(self.server)
        self.server = None


@contextmanager
def served_worker():
    worker = ServedWorker()
    try:
        yield worker
    finally:
        if worker.server is not None:
            worker.server.stop()


@pytest.mark.parametrize(("database", "times"), CASES)
def test_nothing_acknowledged_is_lost_with_a_worker_or_the_server(request, migrated, database, times):
    with copied(migrated) as instance, listening() as mail_server, served_worker() as worker:
        more = {}
        if database == "PostgreSQL":
            more = {"WEBAPP_DATABASE_URL": request.getfixturevalue("postgresql")("served_crashes")}
        site = CrashSite(settings_for(instance.parent, mail_server, **more), mail_server, worker.start)
        rounds = Rounds(site, Random(7))
        rounds.in_places(WRITES, times)
        # By default tests of two machines kill one of them.
        for kind in WRITES[: times - 1]:
            write = kind(site)
            with rounds.background, write.in_thread() as sending:
                time.sleep(rounds.random.uniform(0, 0.04))
                worker.kill()
            rounds.restart(write, sending.response)
        rounds.finish()
    assert len(rounds.died) == times
