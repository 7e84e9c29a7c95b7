"""The suite itself: markers follow from what a test uses, what is generated follows from a seed, days may be chosen."""

import multiprocessing
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from hypothesis import settings

from tests import example_counts, fixed_date, lengthy_tests, markers
from tests.cli import serving
from tests.journeys import server
from tests.races import paired
from webapp.core.clock import now


def alone():
    return time.time()


def by_a_helper():
    return in_turn()


def in_turn():
    with server.served("folder") as site:
        return site


def by_a_module():
    return serving.start("folder")


def by_a_context():
    with paired() as pair:
        return pair


def by_threads():
    with ThreadPoolExecutor(2) as pool:
        return [pool.submit(task) for task in (alone, alone)]


@pytest.mark.parametrize(
    ("function", "found"),
    [
        pytest.param(alone, set(), id="a test that stays where it is"),
        pytest.param(by_a_helper, {"process"}, id="a process that a helper starts"),
        pytest.param(by_a_module, {"process"}, id="a process that a module of helpers starts"),
        pytest.param(by_a_context, {"process"}, id="processes that a context starts"),
        pytest.param(by_threads, {"race"}, id="threads"),
    ],
)
def test_a_marker_follows_from_the_code_that_a_test_uses(function, found):
    names = markers.names_reached(function)
    assert {markers.BY_NAME[name] for name in names if name in markers.BY_NAME} == found


def test_this_test_is_marked_by_its_code(request):
    assert request.node.get_closest_marker("process")
    assert subprocess.run([sys.executable, "-c", ""], check=True).returncode == 0


def test_an_unmarked_test_that_starts_a_process_fails():
    watching, started = markers.Guard(), list[str]()
    start = watching.watched(started.append)
    start("before any test")
    watching.running = SimpleNamespace(nodeid="test_x", get_closest_marker=lambda _: None)
    with pytest.raises(AssertionError, match="test_x starts a process"):
        start("by a test without its marker")
    watching.running = SimpleNamespace(nodeid="test_x", get_closest_marker=lambda _: pytest.mark.process)
    start("by a test with it")
    assert started == ["before any test", "by a test with it"]


@pytest.mark.parametrize(
    "start",
    [
        lambda: subprocess.run(["true"]),
        lambda: subprocess.Popen(["true"]),
        lambda: os.spawnlp(os.P_WAIT, "true", "true"),
        lambda: os.posix_spawn("/bin/true", ["true"], {}),
        lambda: multiprocessing.get_context("fork").Process().start(),
    ],
    ids=["run", "Popen", "spawn", "posix_spawn", "multiprocessing"],
)
def test_each_way_to_start_a_process_is_watched(monkeypatch, start):
    monkeypatch.setattr(markers.guard, "running", SimpleNamespace(nodeid="test_x", get_closest_marker=lambda _: None))
    with pytest.raises(AssertionError, match="test_x starts a process"):
        start()


@pytest.mark.parametrize(("cases", "kept"), [(1, [0, 10]), (2, [0, 5, 10]), (99, [*range(11)])])
def test_of_each_table_some_evenly_spread_cases_are_kept(cases, kept):
    items = [Named(f"test_x[{number}]") for number in range(10)] + [Named("test_y")]
    left_out = markers.beyond(cases, items)
    assert [number for number, item in enumerate(items) if item not in left_out] == kept


def test_tests_with_a_long_median_time_are_listed():
    seconds = {
        "b/x.py::test_b": [0.2, 0.1, 0.3],
        "b/x.py::test_a": [1.0],
        "a/x.py::test_c": [1.0],
        "c/x.py::test_d": [lengthy_tests.LONGEST, lengthy_tests.LONGEST, 9],
    }
    assert lengthy_tests.lines(seconds) == "a x.py::test_c\nb x.py::test_a x.py::test_b\n"


def test_a_case_is_lengthy_if_its_test_is(monkeypatch):
    monkeypatch.setattr(lengthy_tests, "NAMES", frozenset({"test_a"}))
    monkeypatch.setattr(lengthy_tests, "IS_MEASURED", False)
    assert [lengthy_tests.is_lengthy(name) for name in ("test_a[1]", "test_a", "test_ab")] == [True, True, False]


class Named:
    def __init__(self, nodeid):
        self.nodeid = nodeid


def test_generated_examples_are_the_same_in_every_run(request):
    generated = [
        item.obj._hypothesis_internal_use_settings
        for item in request.session.items
        if hasattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings")
    ]
    assert all(found.derandomize != example_counts.EXPLORES and found.database is None for found in generated)
    assert settings.default.derandomize != example_counts.EXPLORES


def test_the_clock_runs_unless_a_test_stops_it():
    assert not fixed_date.stands_still()


def test_a_chosen_day_is_the_start_of_each_test(monkeypatch):
    monkeypatch.setattr(fixed_date, "CHOSEN", "2028-02-29T12:00:00Z")
    for _ in range(2):
        travelling = fixed_date.at_the_chosen_date()
        next(travelling)
        assert now().isoformat().startswith("2028-02-29T12:00:0")
        assert next(travelling, None) is None
