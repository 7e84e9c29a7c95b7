"""Job; take, keep, leave, done, failed: whose turn it is, by one conditional statement each."""

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

# A process that dies leaves its job to others after so long; each step begins it anew.
LEASE = timedelta(minutes=5)
# What failed is tried again after so long, or at its next turn where that is sooner.
SECOND_TRY = timedelta(minutes=10)
# A house that is stopped now and then misses a turn; only later than this somebody should know.
PATIENCE = timedelta(hours=1)

# Makes the row where there is none, and otherwise takes it only if its time has come. Both databases understand it.
TAKE = text("""
    INSERT INTO job (name, due_at, holder) VALUES (:name, :lease_ends, :holder)
    ON CONFLICT (name) DO UPDATE SET due_at = :lease_ends, holder = :holder WHERE job.due_at <= :now
    RETURNING name
""").bindparams(
    bindparam("holder", type_=Uuid()), bindparam("now", type_=Instant()), bindparam("lease_ends", type_=Instant())
)


@dataclass(frozen=True, slots=True)
class Job:
    name: str
    every: timedelta
    step: Callable[[Session], int]
    """Does a little of it in one short transaction, and says how much; called again until that is nothing."""


# Every periodic job of the application.
Jobs = NewType("Jobs", tuple[Job, ...])


@dataclass(frozen=True, slots=True)
class LateJob:
    name: str
    due_at: datetime
    error: str | None


class Lost(Exception):
    """Another process has taken it over meanwhile."""


def due(db: Session, jobs: Sequence[Job]) -> list[Job]:
    """Those whose turn has come; one that was never done is due."""
    later = set(db.scalars(select(JobRun.name).where(JobRun.due_at > now())))
    return [job for job in jobs if job.name not in later]


def take(db: Session, job: Job) -> UUID | None:
    """The holder that one has become; None where another was faster."""
    holder = uuid4()
    values = {"name": job.name, "holder": holder, "now": now(), "lease_ends": now() + LEASE}
    return holder if db.execute(TAKE, values).first() else None


def keep(db: Session, job: Job, holder: UUID) -> None:
    """Stay at it for another lease. In the transaction of the step, so that no two do the same step.

    Raises:
        Lost
    """
    note(db, job, holder, {"due_at": now() + LEASE})


def leave(db: Session, job: Job, holder: UUID) -> None:
    """Let the next one go on with it at once.

    Raises:
        Lost
    """
    note(db, job, holder, {"due_at": now(), "holder": None})


def mark_done(db: Session, job: Job, holder: UUID) -> None:
    """
    Raises:
        Lost
    """
    over = {"due_at": now() + job.every, "holder": None, "done_at": now(), "last_error": None}
    note(db, job, holder, over)


def failed(db: Session, job: Job, holder: UUID, reason: str) -> None:
    """
    Raises:
        Lost
    """
    again_at = now() + min(SECOND_TRY, job.every)
    note(db, job, holder, {"due_at": again_at, "holder": None, "last_error": reason[:100]})


def note(db: Session, job: Job, holder: UUID, values: Mapping[str, object]) -> None:
    held = update(JobRun).where(JobRun.name == job.name, JobRun.holder == holder)
    if db.execute(held.values(values).returning(JobRun.name)).first() is None:
        raise Lost(job.name)


def late(db: Session, jobs: Sequence[Job]) -> list[LateJob]:
    """Those that failed, or whose turn passed by. A house that was never served has done none, and is none too late."""
    known = {turn.name: turn for turn in db.scalars(select(JobRun))}
    turns = [(job, known[job.name]) for job in jobs if job.name in known]
    return [LateJob(job.name, turn.due_at, turn.last_error) for job, turn in turns if is_late(job, turn)]


def is_late(job: Job, turn: JobRun) -> bool:
    return turn.last_error is not None or now() - turn.due_at > max(job.every, PATIENCE)
