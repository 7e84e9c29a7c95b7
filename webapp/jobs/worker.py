"""The one who does them: a thread of each process that serves; whoever takes a chore first does it for all."""

import logging
from collections.abc import Sequence
from uuid import UUID

from webapp.core import background_worker
from webapp.core.db import Database, Unavailable
from webapp.jobs import leases
from webapp.jobs.leases import Chore, Lost

log = logging.getLogger(__name__)

# Seconds between two looks at the rota.
NOW_AND_THEN = 30.0
# Seconds between two steps, in which others write: SQLite has one writer.
BREATH = 0.05


class Stopped(Exception):
    """The worker was told to, between two steps."""


class Worker(background_worker.Worker):
    def __init__(self, database: Database, chores: Sequence[Chore]) -> None:
        super().__init__("chores")
        self._database, self._chores = database, chores

    def run(self) -> None:
        while not self.is_told:
            try:
                self.do_due()
            except Unavailable:
                log.warning("chores not reached")
            except Exception:
                # A thread that ends is never missed.
                log.exception("chore worker fault")
            self._told.wait(NOW_AND_THEN)

    def do_due(self) -> list[str]:
        """Do what is due and nobody else is at. Returns the names."""
        with self._database.read() as db:
            due = leases.due(db, self._chores)
        taken = []
        for chore in due:
            if self.is_told:
                break
            with self._database.write() as db:
                holder = leases.take(db, chore)
            if holder is not None:
                taken.append(chore.name)
                self.do(chore, holder)
        return taken

    def do(self, chore: Chore, holder: UUID) -> None:
        try:
            did = self.step_by_step(chore, holder)
            with self._database.write() as db:
                leases.done(db, chore, holder)
        except Stopped:
            log.debug("chore left for later", extra={"fields": {"chore": chore.name}})
        except (Lost, Unavailable):
            # Whoever has it now, or takes it when the lease is over, goes on where this one stopped.
            log.warning("chore left to others", extra={"fields": {"chore": chore.name}})
        except Exception as error:
            log.exception("chore failed", extra={"fields": {"chore": chore.name}})
            with self._database.write() as db:
                # Not its message, which may hold what was written.
                leases.failed(db, chore, holder, type(error).__name__)
        else:
            # At the start all of them are due, and a dozen lines about nothing would bury the setup link.
            log.log(
                logging.INFO if did else logging.DEBUG,
                "chore done",
                extra={"fields": {"chore": chore.name, "did": did}},
            )

    def step_by_step(self, chore: Chore, holder: UUID) -> int:
        did = 0
        while step := self.step(chore, holder):
            did += step
            if self._told.wait(BREATH):
                with self._database.write() as db:
                    leases.leave(db, chore, holder)
                raise Stopped
        return did

    def step(self, chore: Chore, holder: UUID) -> int:
        with self._database.write() as db:
            leases.keep(db, chore, holder)
            return chore.step(db)
