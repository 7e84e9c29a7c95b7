"""Markers that follow from what a test uses, so that nobody has to remember them.

``make test-fast`` leaves out what these mark. A test that starts a process without its marker fails (``guard``).
"""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from functools import cache, wraps
from types import CodeType, FunctionType, ModuleType
from typing import Any, ParamSpec, TypeVar

import pytest

from tests import lengthy_tests

P = ParamSpec("P")
T = TypeVar("T")

MARKERS = {
    "browser": "drives Chromium",
    "process": "starts another process",
    "postgresql": "needs PostgreSQL",
    "race": "runs threads or processes against each other",
    "slow": "takes seconds",
    "own_site": "builds its sites anew: tests/shared_site.py",
    "lengthy": f"takes more than {lengthy_tests.LONGEST} seconds: tests/lengthy_tests.txt",
}
BY_FIXTURE = {
    "chromium": {"browser", "process"},
    "tab": {"browser", "process"},
    "postgresql": {"postgresql", "process"},
    "process_pair": {"race", "process"},
    "slapd": {"process"},
    "valkey": {"process"},
}
BY_NAME = {
    **dict.fromkeys(("Popen", "subprocess", "check_output", "fork"), "process"),
    **dict.fromkeys(("ThreadPoolExecutor", "Thread", "Barrier"), "race"),
}
LONGEST = 600
"""Seconds that a test may take which starts a browser or a process."""
STARTS: dict[Any, tuple[str, ...]] = {
    subprocess.Popen: ("__init__",),
    os: ("fork", "forkpty", "posix_spawn", "posix_spawnp"),
}


def mark(item: pytest.Item) -> None:
    """Add the markers of the fixtures that a test asks for, and of the names that its code reaches within ``tests``."""
    fixtures = set(getattr(item, "fixturenames", ()))
    parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
    fixtures |= {value for value in parameters if isinstance(value, str)}
    found = {marker for name in fixtures & BY_FIXTURE.keys() for marker in BY_FIXTURE[name]}
    for function in functions_of(item):
        found |= markers_of(function)
    if lengthy_tests.is_lengthy(item.nodeid):
        found.add("lengthy")
    for marker in sorted(found):
        item.add_marker(marker)
    if found & {"browser", "process"}:
        # Beside others on a busy machine: starting a server alone takes seconds of its two cores.
        item.add_marker(pytest.mark.timeout(LONGEST))


def functions_of(item: pytest.Item) -> Iterator[FunctionType]:
    """The test, and the fixtures that it asks for."""
    info = getattr(item, "_fixtureinfo", None)
    definitions = [one.func for found in info.name2fixturedefs.values() for one in found] if info else []
    for found in (getattr(item, "function", None), *definitions):
        if isinstance(found, FunctionType) and found.__module__.startswith("tests"):
            yield found


@cache
def markers_of(function: FunctionType) -> frozenset[str]:
    return frozenset(BY_NAME[name] for name in BY_NAME.keys() & names_reached(function))


@cache
def names_reached(function: FunctionType) -> frozenset[str]:
    """All names in the code of a function and of whatever it calls within ``tests``."""
    seen, names, waiting = set[Any](), set[str](), [function]
    while waiting:
        found = waiting.pop()
        if found in seen:
            continue
        seen.add(found)
        used = names_in(found.__code__)
        names |= used
        for name in used:
            waiting += called(found.__globals__.get(name), used)
    return frozenset(names)


def names_in(code: CodeType) -> set[str]:
    inner = [names_in(const) for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*inner)


def called(value: Any, used: set[str]) -> list[FunctionType]:
    """The functions that a global name may stand for: of a module those that are named, of a class all."""
    value = getattr(value, "__wrapped__", value)
    if isinstance(value, ModuleType):
        members = [getattr(value, name, None) for name in used] if value.__name__.startswith("tests") else []
    elif isinstance(value, type):
        members = list(vars(value).values())
    else:
        members = [value]
    unwrapped = [getattr(member, "__wrapped__", member) for member in members]
    return [one for one in unwrapped if isinstance(one, FunctionType) and (one.__module__ or "").startswith("tests")]


def beyond(cases: int, items: list[pytest.Item]) -> list[pytest.Item]:
    """The items that are left out where each test runs with at most so many cases: those spread over its table stay."""
    tables = dict[str, list[pytest.Item]]()
    for item in sorted(items, key=lambda item: item.nodeid):
        tables.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {table[len(table) * number // cases] for table in tables.values() for number in range(cases)}
    return [item for item in items if item not in kept]


class Guard:
    """Fails a test that starts a process and is not marked so."""

    def __init__(self) -> None:
        self.running: pytest.Item | None = None

    def watch(self) -> None:
        """From now on. Not by an audit hook, which would be called hundreds of times for each test."""
        for owner, names in STARTS.items():
            for name in names:
                setattr(owner, name, self.watched(getattr(owner, name)))

    def watched(self, starts: Callable[P, T]) -> Callable[P, T]:
        @wraps(starts)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            self.check()
            return starts(*args, **kwargs)

        return checked

    def check(self) -> None:
        if self.running is None or threading.current_thread() is not threading.main_thread():
            return
        if self.running.get_closest_marker("process") is None:
            raise AssertionError(f"{self.running.nodeid} starts a process: mark it with pytest.mark.process")


guard = Guard()
