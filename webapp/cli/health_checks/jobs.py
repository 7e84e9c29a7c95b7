"""Chores: whether what must be done now and then is done."""

from collections.abc import Iterator, Sequence

from webapp.cli.health_checks.finding import Finding, ok, warn
from webapp.jobs.leases import Late


def turns(late: Sequence[Late]) -> Iterator[Finding]:
    for chore in late:
        if chore.error:
            yield warn("chores", f"To {chore.name} failed ({chore.error}).", "See why in the log; it is tried again.")
        else:
            mend = "They are done while the house is served: python -m webapp serve"
            yield warn("chores", f"To {chore.name} was due at {chore.due_at:%Y-%m-%d %H:%M}Z.", mend)
    if not late:
        yield ok("chores", "What must be done now and then is done.")
