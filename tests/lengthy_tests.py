"""Tests that ``make test-fast`` leaves out because they take long, as ``make lengthy`` has measured them."""

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

FILE = Path(__file__).with_suffix(".txt")
IS_MEASURED = bool(os.environ.get("LATCHKEY_TEST_MEASURE"))
LONGEST = 0.04
"""Seconds of processor time that a test takes with its fixtures, as the median of its cases."""

NAMES = frozenset(
    f"{folder}/{test}" for line in FILE.read_text().splitlines() for folder, *tests in [line.split()] for test in tests
)
measured = defaultdict[str, list[float]](list)


def function_of(nodeid: str) -> str:
    """The test without its case."""
    return nodeid.partition("[")[0]


def is_lengthy(nodeid: str) -> bool:
    return not IS_MEASURED and function_of(nodeid) in NAMES


@contextmanager
def measure(nodeid: str) -> Iterator[None]:
    """Note the processor time of the block: what else the machine does has little influence on it."""
    begun = time.process_time()
    yield
    measured[function_of(nodeid)].append(time.process_time() - begun)


def lines(seconds: Mapping[str, list[float]]) -> str:
    """Each folder with its tests that take too long, both sorted, one folder a line."""
    folders = defaultdict[str, list[str]](list)
    for name, found in sorted(seconds.items()):
        if median(found) > LONGEST:
            path, _, test = name.partition("::")
            folder, _, file = path.rpartition("/")
            folders[folder].append(f"{file}::{test}")
    return "".join(f"{folder} {' '.join(tests)}\n" for folder, tests in folders.items())


def write() -> None:
    if IS_MEASURED:
        FILE.write_text(lines(measured))
