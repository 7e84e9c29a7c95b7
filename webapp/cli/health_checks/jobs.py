"""Checks of the periodic jobs: whether one failed or is late."""

from collections.abc import Iterator, Sequence

from webapp.cli.health_checks.finding import Finding, ok, warn
from webapp.jobs.leases import LateJob


def late_jobs(late: Sequence[LateJob]) -> Iterator[Finding]:
    for job in late:
        if job.error:
            yield warn("jobs", f"The job “{job.name}” failed ({job.error}).", "See the log. It will be run again.")
        else:
            remedy = "Jobs run while the server runs: python -m webapp serve"
            yield warn("jobs", f"The job “{job.name}” was due at {job.due_at:%Y-%m-%d %H:%M}Z.", remedy)
    if not late:
        yield ok("jobs", "All periodic jobs have run.")
