"""The one who does them: a thread of each process that serves; whoever takes a job first does it for all."""

import logging
from collections.abc import Sequence
from uuid import UUID

from webapp.core import background_worker
from webapp.core.db import Database, Unavailable
from webapp.jobs import leases
from webapp.jobs.leases import Job, Lost

log = logging.getLogger(__name__)

# Seconds between two looks at the rota.
NOW_AND_THEN = 30.0
# Seconds between two steps, in which others write: SQLite has one writer.
BREATH = 0.05


class Stopped(Exception):
    """The worker was told to, between two steps."""


class JobWorker(background_worker.BackgroundWorker):
    def __init__(self, database: Database, jobs: Sequence[Job]) -> None:
        super().__init__("jobs")
        self._database, self._jobs = database, jobs

    def run(self) -> None:
        while not self.is_told:
            try:
                self.do_due()
            except Unavailable:
                log.warning("jobs not available")
            except Exception:
                # A thread that ends is never missed.
                log.exception("job worker error")
            self._told.wait(NOW_AND_THEN)

    def do_due(self) -> list[str]:
        """Do what is due and nobody else is at. Returns the names."""
        with self._database.read() as db:
            due = leases.due(db, self._jobs)
        taken = []
        for job in due:
            if self.is_told:
                break
            with self._database.write() as db:
                holder = leases.take(db, job)
            if holder is not None:
                taken.append(job.name)
                self.do(job, holder)
        return taken

    def do(self, job: Job, holder: UUID) -> None:
        try:
            did = self.step_by_step(job, holder)
            with self._database.write() as db:
                leases.mark_done(db, job, holder)
        except Stopped:
            log.debug("job left for later", extra={"fields": {"job": job.name}})
        except (Lost, Unavailable):
            # Whoever has it now, or takes it when the lease is over, goes on where this one stopped.
            log.warning("job left to others", extra={"fields": {"job": job.name}})
        except Exception as error:
            log.exception("job failed", extra={"fields": {"job": job.name}})
            with self._database.write() as db:
                # Not its message, which may hold what was written.
                leases.failed(db, job, holder, type(error).__name__)
        else:
            # At the start all of them are due, and a dozen lines about nothing would bury the setup link.
            log.log(
                logging.INFO if did else logging.DEBUG,
                "job done",
                extra={"fields": {"job": job.name, "did": did}},
            )

    def step_by_step(self, job: Job, holder: UUID) -> int:
        did = 0
        while step := self.step(job, holder):
            did += step
            if self._told.wait(BREATH):
                with self._database.write() as db:
                    leases.leave(db, job, holder)
                raise Stopped
        return did

    def step(self, job: Job, holder: UUID) -> int:
        with self._database.write() as db:
            leases.keep(db, job, holder)
            return job.step(db)
