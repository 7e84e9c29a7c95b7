"""Tests are sent to processes some ahead, each once, and those of a file or a group to one process."""

from types import SimpleNamespace

import pytest

from tests.scheduling import AHEAD, LARGE, ScheduledAhead, ordered, send_less

TESTS = [f"test_{number // 5}.py::test_{number}" for number in range(100)]
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
    for _ in range(20):
        assert AHEAD < len(first.sent) - first.done <= AHEAD + len(GROUPED)
        finish(scheduling, first)
    assert len(second.sent) - second.done > AHEAD


def test_each_test_is_sent_once_and_those_of_a_file_or_a_group_to_one_process(scheduling, processes):
    while waiting := [process for process in processes if process.done < len(process.sent)]:
        finish(scheduling, waiting[0])
    first, second = processes
    assert sorted(first.sent + second.sent) == list(range(130))
    together = [range(50, 80), *(range(start, start + 5) for start in (*range(0, 50, 5), *range(80, 130, 5)))]
    for indexes in together:
        assert {index in first.sent for index in indexes} in ({True}, {False})
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


def test_what_takes_long_is_first_and_the_rest_stays_in_its_order():
    names = [
        "a.py::quick",
        "b.py::page",
        *(f"c.py::{number}" for number in range(LARGE)),
        "d.py::server",
        "e.py::quick",
    ]
    marks = {"b.py::page": ("xdist_group", "browser", "process"), "d.py::server": ("process",)}
    items = [Item(name, marks.get(name, ())) for name in names]
    expected = ["b.py::page", "d.py::server", *names[2:-2], "a.py::quick", "e.py::quick"]
    assert [item.nodeid for item in ordered(items)] == expected


@pytest.mark.parametrize("durations", [None, 5])
def test_a_process_sends_how_each_test_ended_and_every_failure(durations):
    sent = []
    process = SimpleNamespace(sendevent=lambda name, **values: sent.append((name, values)))
    plugins = SimpleNamespace(get_plugins=lambda: [object(), process])
    send_less(SimpleNamespace(pluginmanager=plugins, getoption=lambda _: durations))
    ended = [(when, outcome) for when in ("setup", "call", "teardown") for outcome in ("passed", "skipped", "failed")]
    events = [
        ("logstart", {"nodeid": "a"}),
        *(("testreport", {"data": {"when": when, "outcome": outcome}}) for when, outcome in ended),
        ("logfinish", {"nodeid": "a"}),
        ("runtest_protocol_complete", {"item_index": 1, "duration": 0.1}),
    ]
    for name, values in events:
        process.sendevent(name, **values)
    left_out = [] if durations else [events[0], events[1], events[7]]
    assert sent == [event for event in events if event not in left_out]


def test_the_main_process_is_left_as_it_is():
    send_less(SimpleNamespace(pluginmanager=SimpleNamespace(get_plugins=lambda: [object()]), getoption=lambda _: None))


class Item:
    def __init__(self, nodeid, marks):
        self.nodeid, self._marks = nodeid, marks

    def iter_markers(self):
        return [SimpleNamespace(name=name) for name in self._marks]
