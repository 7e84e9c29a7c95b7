"""How much is tried where input is generated or processes race.

By default little is tried, and the same in every run. ``make explore`` tries more, with a new seed each time.
"""

import os

from hypothesis import HealthCheck, settings

EFFORT = int(os.environ.get("LATCHKEY_TEST_EFFORT", "1"))
"""Multiplies the number of examples and rounds; for nightly runs."""
EXPLORES = bool(os.environ.get("LATCHKEY_TEST_EXPLORE"))
"""Whether each run generates other input than the one before; else it follows from the source of the test."""


def times(default: int) -> int:
    """The number of examples or rounds for this run, where ``default`` is enough for every day."""
    return default * EFFORT


def choose_profile() -> None:
    """For every hypothesis test that is imported afterwards."""
    settings.register_profile(
        "latchkey",
        derandomize=not EXPLORES,
        database=None,
        deadline=None,
        print_blob=True,
        max_examples=times(40),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    settings.load_profile("latchkey")
