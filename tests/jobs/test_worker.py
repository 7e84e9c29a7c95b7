"""What must be done now and then is done by one process, a little at a time."""

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
def _without_a_breath(monkeypatch):
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


def test_a_chore_goes_on_until_nothing_is_left(database):
    heap = Heap(5)
    assert JobWorker(database, [sweeping(heap)]).do_due() == ["sweep"]
    assert (heap.size, heap.steps) == (0, 4)


def test_it_is_done_again_when_its_time_has_come_and_not_before(database, clock):
    heap = Heap()
    sweeper = JobWorker(database, [sweeping(heap)])
    sweeper.do_due()
    clock.shift(DAY - timedelta(seconds=1))
    assert sweeper.do_due() == []
    clock.shift(1)
    assert sweeper.do_due() == ["sweep"]


def test_many_workers_do_it_once(database):
    heap = Heap()
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: JobWorker(database, [sweeping(heap)]).do_due(), range(8)))
    assert sum(map(len, done)) == heap.steps == 1


def test_one_that_died_at_it_leaves_it_to_others(database, clock):
    heap = Heap()
    with database.write() as db:
        assert leases.take(db, sweeping(heap))
    assert JobWorker(database, [sweeping(heap)]).do_due() == []
    clock.shift(LEASE)
    assert JobWorker(database, [sweeping(heap)]).do_due() == ["sweep"]


def test_one_that_was_slow_and_lost_it_does_no_more(database, clock):
    heap = Heap(1)
    with database.write() as db:
        slow = leases.take(db, sweeping(heap))
    clock.shift(LEASE)
    with database.write() as db:
        assert leases.take(db, sweeping(heap))
    JobWorker(database, [sweeping(heap)]).do(sweeping(heap), slow)
    assert (heap.size, heap.steps) == (1, 0)
    assert turn(database).done_at is None


def test_each_step_begins_the_lease_anew(database, clock):
    def slow(db):
        clock.shift(LEASE - timedelta(seconds=1))
        return heap.step(db)

    heap = Heap(6)
    JobWorker(database, [Job("sweep", DAY, slow)]).do_due()
    assert heap.size == 0
    assert turn(database).done_at == now()


def test_what_failed_is_tried_again_soon_and_the_next_chore_is_done_all_the_same(database, clock, logged):
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


def test_one_that_is_told_to_stop_does_no_further_step_and_leaves_the_rest_to_the_next_at_once(database, clock):
    def told(db):
        stopping.stop()
        return heap.step(db)

    heap, dust = Heap(6), Heap(1)
    stopping = JobWorker(database, [Job("sweep", DAY, told), Job("dust", DAY, dust.step)])
    assert stopping.do_due() == ["sweep"]
    assert (heap.size, heap.steps, dust.steps) == (4, 1, 0)
    assert JobWorker(database, [sweeping(heap)]).do_due() == ["sweep"]
    assert heap.size == 0


def test_it_waits_for_no_turn_when_it_is_told_to_stop(database):
    waiting = JobWorker(database, [])
    waiting.start()
    waiting.stop()
    assert waiting.join(30)


def late(database, heap):
    with database.read() as db:
        return [job.name for job in leases.late(db, [sweeping(heap)])]


def test_a_chore_is_late_when_nobody_did_it_for_two_turns_or_it_failed(database, clock):
    heap = Heap()
    assert late(database, heap) == [], "a site that was never served is late with nothing"
    JobWorker(database, [sweeping(heap)]).do_due()
    clock.shift(2 * DAY)
    assert late(database, heap) == []
    clock.shift(1)
    assert late(database, heap) == ["sweep"]
    JobWorker(database, [sweeping(Heap(fails=True))]).do_due()
    assert late(database, heap) == ["sweep"]
