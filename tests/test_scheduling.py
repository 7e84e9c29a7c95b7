"""Tests are sent to processes some ahead, each once, and those of a group to one process."""

from types import SimpleNamespace

import pytest

from tests.scheduling import AHEAD, ScheduledAhead

TESTS = [f"test_x.py::test_{number}" for number in range(100)]
GROUPED = [f"test_y.py::test_{number}@server" for number in range(30)]


class Process:
    def __init__(self, name):
        self.gateway = SimpleNamespace(id=name)
        self.sent, self.done, self.shutting_down = [], 0, False

    def send_runtest_some(self, indexes):
        self.sent += indexes

    def shutdown(self):
        self.shutting_down = True


@pytest.fixture
def processes():
    return Process("one"), Process("two")


@pytest.fixture
def scheduling(processes):
    config = SimpleNamespace(getvalue=lambda _: ["2*popen"], option=SimpleNamespace(loadscopereorder=False))
    scheduling = ScheduledAhead(config)
    for process in processes:
        scheduling.add_node(process)
        scheduling.add_node_collection(process, [*TESTS[:50], *GROUPED, *TESTS[50:]])
    scheduling.schedule()
    return scheduling


def finish(scheduling, process):
    scheduling.mark_test_complete(process, process.sent[process.done])
    process.done += 1


def test_a_process_always_knows_of_some_tests_ahead(scheduling, processes):
    first, second = processes
    assert len(first.sent) == len(second.sent) == AHEAD + 1
    finish(scheduling, first)
    assert len(first.sent) == AHEAD + 2


def test_each_test_is_sent_once_and_a_group_to_one_process(scheduling, processes):
    while waiting := [process for process in processes if process.done < len(process.sent)]:
        finish(scheduling, waiting[0])
    first, second = processes
    assert sorted(first.sent + second.sent) == list(range(130))
    assert {index in first.sent for index in range(50, 80)} in ({True}, {False})
    assert first.shutting_down
    assert second.shutting_down


def test_what_is_done_is_not_looked_through_again(scheduling, processes):
    first, _ = processes
    for _ in range(20):
        finish(scheduling, first)
    assert all(False in unit.values() for unit in scheduling.assigned_work[first].values())


def test_the_tests_of_a_process_that_crashed_are_sent_to_the_other(scheduling, processes):
    first, second = processes
    finish(scheduling, first)
    left = first.sent[1:]
    assert scheduling.remove_node(first) == scheduling.collection[left[0]]
    while second.done < len(second.sent):
        finish(scheduling, second)
    assert set(left) <= set(second.sent)
