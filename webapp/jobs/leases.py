"""Chore; take, keep, leave, done, failed: whose turn it is, by one conditional statement each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import Uuid, bindparam, select, text, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Instant
from webapp.jobs.models import ChoreTurn

# A process that dies leaves its chore to others after so long; each step begins it anew.
LEASE = timedelta(minutes=5)
# What failed is tried again after so long, or at its next turn where that is sooner.
SECOND_TRY = timedelta(minutes=10)
# A house that is stopped now and then misses a turn; only later than this somebody should know.
PATIENCE = timedelta(hours=1)

# Makes the row where there is none, and otherwise takes it only if its time has come. Both databases understand it.
TAKE = text("""
    INSERT INTO chore (name, due_at, holder) VALUES (:name, :lease_ends, :holder)
    ON CONFLICT (name) DO UPDATE SET due_at = :lease_ends, holder = :holder WHERE chore.due_at <= :now
    RETURNING name
""").bindparams(
    bindparam("holder", type_=Uuid()), bindparam("now", type_=Instant()), bindparam("lease_ends", type_=Instant())
)


@dataclass(frozen=True, slots=True)
class Chore:
    name: str
    every: timedelta
    step: Callable[[Session], int]
    """Does a little of it in one short transaction, and says how much; called again until that is nothing."""


@dataclass(frozen=True, slots=True)
class Late:
    name: str
    due_at: datetime
    error: str | None


class Lost(Exception):
    """Another process has taken it over meanwhile."""


def due(db: Session, chores: Sequence[Chore]) -> list[Chore]:
    """Those whose turn has come; one that was never done is due."""
    later = set(db.scalars(select(ChoreTurn.name).where(ChoreTurn.due_at > now())))
    return [chore for chore in chores if chore.name not in later]


def take(db: Session, chore: Chore) -> UUID | None:
    """The holder that one has become; None where another was faster."""
    holder = uuid4()
    values = {"name": chore.name, "holder": holder, "now": now(), "lease_ends": now() + LEASE}
    return holder if db.execute(TAKE, values).first() else None


def keep(db: Session, chore: Chore, holder: UUID) -> None:
    """Stay at it for another lease. In the transaction of the step, so that no two do the same step.

    Raises:
        Lost
    """
    note(db, chore, holder, {"due_at": now() + LEASE})


def leave(db: Session, chore: Chore, holder: UUID) -> None:
    """Let the next one go on with it at once.

    Raises:
        Lost
    """
    note(db, chore, holder, {"due_at": now(), "holder": None})


def done(db: Session, chore: Chore, holder: UUID) -> None:
    """
    Raises:
        Lost
    """
    over = {"due_at": now() + chore.every, "holder": None, "done_at": now(), "last_error": None}
    note(db, chore, holder, over)


def failed(db: Session, chore: Chore, holder: UUID, reason: str) -> None:
    """
    Raises:
        Lost
    """
    again_at = now() + min(SECOND_TRY, chore.every)
    note(db, chore, holder, {"due_at": again_at, "holder": None, "last_error": reason[:100]})


def note(db: Session, chore: Chore, holder: UUID, values: Mapping[str, object]) -> None:
    held = update(ChoreTurn).where(ChoreTurn.name == chore.name, ChoreTurn.holder == holder)
    if db.execute(held.values(values).returning(ChoreTurn.name)).first() is None:
        raise Lost(chore.name)


def late(db: Session, chores: Sequence[Chore]) -> list[Late]:
    """Those that failed, or whose turn passed by. A house that was never served has done none, and is none too late."""
    known = {turn.name: turn for turn in db.scalars(select(ChoreTurn))}
    turns = [(chore, known[chore.name]) for chore in chores if chore.name in known]
    return [Late(chore.name, turn.due_at, turn.last_error) for chore, turn in turns if is_late(chore, turn)]


def is_late(chore: Chore, turn: ChoreTurn) -> bool:
    return turn.last_error is not None or now() - turn.due_at > max(chore.every, PATIENCE)
