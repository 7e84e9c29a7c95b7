"""JobWorker: a thread per server process that runs due jobs; a lease decides which process runs each."""

import logging
from collections.abc import Sequence
from uuid import UUID

from webapp.core import background_worker
from webapp.core.db import Database, Unavailable
from webapp.jobs import leases
from webapp.jobs.leases import Job, LeaseLost

log = logging.getLogger(__name__)

POLL_SECONDS = 30.0
"""Between two checks for due jobs."""
STEP_PAUSE_SECONDS = 0.05
"""Between two steps, so that other processes can write: SQLite has one writer at a time."""


class Stopped(Exception):
    """The worker is stopping, and the job is not finished."""


class JobWorker(background_worker.BackgroundWorker):
    """Background thread that runs the periodic jobs."""

    def __init__(self, database: Database, jobs: Sequence[Job]) -> None:
        super().__init__("jobs")
        self._database, self._jobs = database, jobs

    def run(self) -> None:
        while not self.is_stopping:
            try:
                self.do_due()
            except Unavailable:
                log.warning("jobs not available")
            except Exception:
                # If the thread ended, nobody would notice that jobs no longer run.
                log.exception("job worker error")
            self._stopping.wait(POLL_SECONDS)

    def do_due(self) -> list[str]:
        """Run the jobs that are due and that no other process runs. Returns their names."""
        with self._database.read() as db:
            due_jobs = leases.due(db, self._jobs)
        done = []
        for job in due_jobs:
            if self.is_stopping:
                break
            with self._database.write() as db:
                holder = leases.lease(db, job)
            if holder is not None:
                done.append(job.name)
                self.do(job, holder)
        return done

    def do(self, job: Job, holder: UUID) -> None:
        """Run a job of which ``holder`` has the lease; errors are logged and stored."""
        try:
            steps = self.run_steps(job, holder)
            with self._database.write() as db:
                leases.mark_done(db, job, holder)
        except Stopped:
            log.debug("job left for later", extra={"fields": {"job": job.name}})
        except (LeaseLost, Unavailable):
            # The process that has the lease now, or takes it when it ends, continues the job.
            log.warning("job left to others", extra={"fields": {"job": job.name}})
        except Exception as error:
            log.exception("job failed", extra={"fields": {"job": job.name}})
            with self._database.write() as db:
                # Not the message, which may contain values from the database.
                leases.mark_failed(db, job, holder, type(error).__name__)
        else:
            # Not INFO if there was nothing to do: at the first start all jobs run, and the setup link would be lost
            # among their lines.
            log.log(
                logging.INFO if steps else logging.DEBUG,
                "job done",
                extra={"fields": {"job": job.name, "did": steps}},
            )

    def run_steps(self, job: Job, holder: UUID) -> int:
        """Call ``step`` until nothing is left to do; the total.

        Raises:
            Stopped, LeaseLost
        """
        steps = 0
        while step := self.step(job, holder):
            steps += step
            if self._stopping.wait(STEP_PAUSE_SECONDS):
                with self._database.write() as db:
                    leases.release(db, job, holder)
                raise Stopped
        return steps

    def step(self, job: Job, holder: UUID) -> int:
        with self._database.write() as db:
            leases.renew(db, job, holder)
            return job.step(db)
