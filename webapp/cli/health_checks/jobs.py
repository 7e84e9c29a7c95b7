"""Jobs: whether what must be done now and then is done."""

from collections.abc import Iterator, Sequence

from webapp.cli.health_checks.finding import Finding, ok, warn
from webapp.jobs.leases import LateJob


def turns(late: Sequence[LateJob]) -> Iterator[Finding]:
    for job in late:
        if job.error:
            yield warn("jobs", f"To {job.name} failed ({job.error}).", "See why in the log; it is tried again.")
        else:
            mend = "Jobs run while the server runs: python -m webapp serve"
            yield warn("jobs", f"To {job.name} was due at {job.due_at:%Y-%m-%d %H:%M}Z.", mend)
    if not late:
        yield ok("jobs", "What must be done now and then is done.")
