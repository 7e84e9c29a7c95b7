"""The tests on another day: ``LATCHKEY_TEST_DATE=2028-02-29T12:00:00Z`` begins each test at that moment.

What a test starts in another process keeps the real date; ``make test-dates`` runs the tests that start none.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta

import time_machine

CHOSEN = os.environ.get("LATCHKEY_TEST_DATE")
# What all tests share is made before any of them begins.
EARLIER = timedelta(hours=1)

_whole_run = ExitStack()


def begin() -> None:
    if CHOSEN:
        _whole_run.enter_context(time_machine.travel(datetime.fromisoformat(CHOSEN) - EARLIER))


def end() -> None:
    _whole_run.close()


def at_the_chosen_date() -> Iterator[None]:
    if not CHOSEN:
        yield
        return
    with time_machine.travel(datetime.fromisoformat(CHOSEN)):
        yield


def stands_still() -> bool:
    """Whether a test has stopped the clock."""
    return bool(time_machine.traveller_stack) and not time_machine.traveller_stack[-1]._tick
