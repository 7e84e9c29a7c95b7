"""Attempts to log in whose password is being compared, counted across all processes."""

from datetime import timedelta

from webapp.core.ratelimit import Counted, Limit

MANY = 1_000_000
LONGEST = timedelta(minutes=1)
"""For which an attempt is taken for undecided if its process ends meanwhile."""


def pending_attempts(count: Counted) -> Counted:
    """The number of undecided attempts among those that were counted.

    They are counted like wrong ones until they turn out to be right, so a count at its limit may consist of right ones.
    """
    limit, key = count
    return Limit(f"{limit.name}-undecided", MANY, LONGEST), key
