"""Job, and leases on jobs: which process runs a job, decided by one conditional SQL statement each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType
from uuid import UUID, uuid4

from sqlalchemy import Uuid, bindparam, select, text, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Instant
from webapp.jobs.models import JobRun

LEASE = timedelta(minutes=5)
"""After this time another process may take over a job; each step renews the lease."""
SECOND_TRY = timedelta(minutes=10)
"""A failed job is tried again after this time, or after its usual interval if that is shorter."""
LATE_AFTER = timedelta(hours=1)
"""A job is reported as late only after this time, because a site that is stopped for a while misses runs."""

# Inserts the row if there is none, else updates it only if the job is due. Valid for SQLite and PostgreSQL.
TAKE = text("""
    INSERT INTO job (name, due_at, holder) VALUES (:name, :lease_ends, :holder)
    ON CONFLICT (name) DO UPDATE SET due_at = :lease_ends, holder = :holder WHERE job.due_at <= :now
    RETURNING name
""").bindparams(
    bindparam("holder", type_=Uuid()), bindparam("now", type_=Instant()), bindparam("lease_ends", type_=Instant())
)


@dataclass(frozen=True, slots=True)
class Job:
    """A periodic job, run in steps."""

    name: str
    every: timedelta
    step: Callable[[Session], int]
    """Does a part of the work in one short transaction and returns how much; called until it returns 0."""


Jobs = NewType("Jobs", tuple[Job, ...])
"""All periodic jobs of the application; a service."""


@dataclass(frozen=True, slots=True)
class LateJob:
    """A job that failed or was not run in time."""

    name: str
    due_at: datetime
    error: str | None


class LeaseLost(Exception):
    """Another process has taken over the job."""


def due(db: Session, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that are due; a job that never ran is due."""
    later = set(db.scalars(select(JobRun.name).where(JobRun.due_at > now())))
    return [job for job in jobs if job.name not in later]


def lease(db: Session, job: Job) -> UUID | None:
    """Take the lease of a job that is due.

    Returns:
        The holder id of the lease, for the other functions; None if the job is not due or another process has it.
    """
    holder = uuid4()
    values = {"name": job.name, "holder": holder, "now": now(), "lease_ends": now() + LEASE}
    return holder if db.execute(TAKE, values).first() else None


def renew(db: Session, job: Job, holder: UUID) -> None:
    """Extend the lease; in the transaction of a step, so that no two processes do the same step.

    Raises:
        LeaseLost
    """
    update_run(db, job, holder, {"due_at": now() + LEASE})


def release(db: Session, job: Job, holder: UUID) -> None:
    """Give up the lease of an unfinished job, so that another process can continue it at once.

    Raises:
        LeaseLost
    """
    update_run(db, job, holder, {"due_at": now(), "holder": None})


def mark_done(db: Session, job: Job, holder: UUID) -> None:
    """Release the lease of a finished job; it is due again after ``job.every``.

    Raises:
        LeaseLost
    """
    values = {"due_at": now() + job.every, "holder": None, "done_at": now(), "last_error": None}
    update_run(db, job, holder, values)


def mark_failed(db: Session, job: Job, holder: UUID, reason: str) -> None:
    """Release the lease of a failed job; it is due again after ``SECOND_TRY``.

    Args:
        reason: shown to the operator; must contain no user data.

    Raises:
        LeaseLost
    """
    again_at = now() + min(SECOND_TRY, job.every)
    update_run(db, job, holder, {"due_at": again_at, "holder": None, "last_error": reason[:100]})


def update_run(db: Session, job: Job, holder: UUID, values: Mapping[str, object]) -> None:
    """Change the row of a job if ``holder`` still has its lease.

    Raises:
        LeaseLost
    """
    update_if_leased = update(JobRun).where(JobRun.name == job.name, JobRun.holder == holder)
    if db.execute(update_if_leased.values(values).returning(JobRun.name)).first() is None:
        raise LeaseLost(job.name)


def runs(db: Session) -> Sequence[JobRun]:
    """The state of every job that ever ran."""
    return db.scalars(select(JobRun).order_by(JobRun.name)).all()


def late(db: Session, jobs: Sequence[Job]) -> list[LateJob]:
    """The jobs that failed or were not run in time; without those that never ran, as on a site never started."""
    runs_by_job = {run.name: run for run in db.scalars(select(JobRun))}
    runs = [(job, runs_by_job[job.name]) for job in jobs if job.name in runs_by_job]
    return [LateJob(job.name, run.due_at, run.last_error) for job, run in runs if is_late(job, run)]


def is_late(job: Job, run: JobRun) -> bool:
    return run.last_error is not None or now() - run.due_at > max(job.every, LATE_AFTER)
