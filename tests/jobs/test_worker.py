"""Periodic jobs are run by one process at a time, in small steps."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

from webapp.core.clock import now
from webapp.jobs import leases, worker
from webapp.jobs.leases import LEASE, SECOND_TRY, Job
from webapp.jobs.models import JobRun
from webapp.jobs.worker import JobWorker

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch):
    monkeypatch.setattr(worker, "STEP_PAUSE_SECONDS", 0)


class Heap:
    """Something to be carried away, a few at a time."""

    def __init__(self, size=0, *, fails=False):
        self.size, self.fails, self.steps = size, fails, 0

    def step(self, db):
        if self.fails:
            raise LookupError("a word nobody else should read")
        self.steps += 1
        taken = min(2, self.size)
        self.size -= taken
        return taken


@pytest.fixture
def clock():
    with time_machine.travel(now(), tick=False) as travelling:
        yield travelling


def sweeping(heap, every=DAY):
    return Job("sweep", every, heap.step)


def turn(database):
    with database.read() as db:
        return db.get_one(JobRun, "sweep")


def test_a_job_runs_until_nothing_is_left(database):
    heap = Heap(5)
    assert JobWorker(database, [sweeping(heap)]).do_due() == ["sweep"]
    assert (heap.size, heap.steps) == (0, 4)


def test_a_job_runs_again_when_it_is_due(database, clock):
    heap = Heap()
    sweeper = JobWorker(database, [sweeping(heap)])
    sweeper.do_due()
    clock.shift(DAY - timedelta(seconds=1))
    assert sweeper.do_due() == []
    clock.shift(1)
    assert sweeper.do_due() == ["sweep"]


def test_of_many_workers_one_runs_a_job(database):
    heap = Heap()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: JobWorker(database, [sweeping(heap)]).do_due(), range(8)))
    assert sum(map(len, done)) == heap.steps == 1


def test_a_job_of_a_dead_worker_is_taken_over(database, clock):
    heap = Heap()
    with database.write() as db:
        assert leases.lease(db, sweeping(heap))
    assert JobWorker(database, [sweeping(heap)]).do_due() == []
    clock.shift(LEASE)
    assert JobWorker(database, [sweeping(heap)]).do_due() == ["sweep"]


def test_a_worker_that_lost_its_lease_stops(database, clock):
    heap = Heap(1)
    with database.write() as db:
        slow = leases.lease(db, sweeping(heap))
    clock.shift(LEASE)
    with database.write() as db:
        assert leases.lease(db, sweeping(heap))
    JobWorker(database, [sweeping(heap)]).do(sweeping(heap), slow)
    assert (heap.size, heap.steps) == (1, 0)
    assert turn(database).done_at is None


def test_each_step_renews_the_lease(database, clock):
    def slow(db):
        clock.shift(LEASE - timedelta(seconds=1))
        return heap.step(db)

    heap = Heap(6)
    JobWorker(database, [Job("sweep", DAY, slow)]).do_due()
    assert heap.size == 0
    assert turn(database).done_at == now()


def test_a_failed_job_is_retried_soon_and_the_next_job_runs(database, clock, logged):
    broken, other = Heap(fails=True), Heap(1)
    both = JobWorker(database, [sweeping(broken), Job("dust", DAY, other.step)])
    assert both.do_due() == ["sweep", "dust"]
    assert other.size == 0
    assert turn(database).last_error == "LookupError"
    assert "job failed" in logged()
    broken.fails = False
    assert both.do_due() == []
    clock.shift(SECOND_TRY)
    assert both.do_due() == ["sweep"]
    assert turn(database).last_error is None


def test_a_stopped_worker_finishes_its_step_and_releases_the_job(database, clock):
    def told(db):
        stopping.stop()
        return heap.step(db)

    heap, dust = Heap(6), Heap(1)
    stopping = JobWorker(database, [Job("sweep", DAY, told), Job("dust", DAY, dust.step)])
    assert stopping.do_due() == ["sweep"]
    assert (heap.size, heap.steps, dust.steps) == (4, 1, 0)
    assert JobWorker(database, [sweeping(heap)]).do_due() == ["sweep"]
    assert heap.size == 0


def test_a_stopped_worker_does_not_wait_for_the_next_job(database):
    waiting = JobWorker(database, [])
    waiting.start()
    waiting.stop()
    assert waiting.join(30)


def late(database, heap):
    with database.read() as db:
        return [job.name for job in leases.late(db, [sweeping(heap)])]


def test_a_job_is_late_after_two_intervals_or_a_failure(database, clock):
    heap = Heap()
    assert late(database, heap) == [], "a site that was never served is late with nothing"
    JobWorker(database, [sweeping(heap)]).do_due()
    clock.shift(2 * DAY)
    assert late(database, heap) == []
    clock.shift(1)
    assert late(database, heap) == ["sweep"]
    JobWorker(database, [sweeping(Heap(fails=True))]).do_due()
    assert late(database, heap) == ["sweep"]
