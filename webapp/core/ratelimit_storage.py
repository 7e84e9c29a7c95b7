"""SqlStorage: counts of rate limits in the database, with the listing for operators."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from limits.storage import Storage
from sqlalchemy import ColumnElement, bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from webapp.core import clock
from webapp.core.db import Database, Unavailable, to_microseconds
from webapp.core.driver_statements import RowQuery
from webapp.core.models import RateBucket

Entry = tuple[str, int, datetime]
Item = tuple[str, int, int]
"""Key, length of the window in seconds, and allowed hits."""

# Keys with this prefix mark values that may be used once. They are not listed, and ``limits reset`` keeps them.
SPENT = "spent-"

# One statement, so that concurrent processes are counted one after the other. Valid on SQLite and PostgreSQL. A window
# whose hits were all given back starts again.
COUNT = text("""
    INSERT INTO rate_bucket (key, hits, expires_at) VALUES (:key, :amount, :end)
    ON CONFLICT (key) DO UPDATE SET
      hits = CASE WHEN rate_bucket.expires_at <= :now THEN :amount ELSE rate_bucket.hits + :amount END,
      expires_at = CASE WHEN rate_bucket.expires_at <= :now OR rate_bucket.hits = 0 THEN :end
        ELSE rate_bucket.expires_at END
    RETURNING hits
""")

# Only within the window that the hit was counted in, and never below zero: a later window holds none of it.
GIVE_BACK = text("""
    UPDATE rate_bucket SET hits = hits - 1
    WHERE key = :key AND hits > 0 AND expires_at > :now AND expires_at <= :latest
""")

BY_KEY = RowQuery(
    select(RateBucket.key, RateBucket.hits, RateBucket.expires_at).where(RateBucket.key == bindparam("key"))
)
CLEAR = text("DELETE FROM rate_bucket WHERE key = :key")


def in_turn(items: Iterable[Item], incr: Callable[[str, int], int]) -> Iterator[int]:
    """Count a hit for each item and yield its hits; stop after the first that is over its limit."""
    for key, expiry, maximum in items:
        hits = incr(key, expiry)
        yield hits
        if hits > maximum:
            return


class SqlStorage(Storage):
    """Fixed windows, counted in short transactions of their own, so that a refused request cannot roll them back."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return Unavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._database.write() as session:
            return count_hit(session, key, expiry, amount)

    def incr_in_turn(self, items: Sequence[Item]) -> list[int]:
        """Count a hit for each item in one transaction, which takes half the time."""
        with self._database.write() as session:
            return list(in_turn(items, partial(count_hit, session)))

    def get(self, key: str) -> int:
        entry = self._live(key)
        return entry[1] if entry else 0

    def get_expiry(self, key: str) -> float:
        entry = self._live(key)
        return (entry[2] if entry else clock.now()).timestamp()

    def check(self) -> bool:
        self._live("")
        return True

    def reset(self) -> int | None:
        return self.forget("")

    def clear(self, key: str) -> None:
        with self._database.write() as session:
            session.execute(CLEAR, {"key": key})

    def forgive(self, cleared: Iterable[str], decremented: Iterable[tuple[str, int]], since: datetime) -> None:
        """Reset some counts and decrease others by one.

        Args:
            decremented: keys, and the length of their windows in seconds.
            since: when the hits to give back had been counted.
        """
        moment = to_microseconds(clock.now())
        with self._database.write() as session:
            # In the order in which they are taken: on PostgreSQL two logins that lock them in turn would deadlock.
            for key, expiry in decremented:
                latest = to_microseconds(since + timedelta(seconds=expiry))
                session.execute(GIVE_BACK, {"key": key, "now": moment, "latest": latest})
            for key in cleared:
                session.execute(CLEAR, {"key": key})

    def entries(self) -> list[Entry]:
        with self._database.read() as session:
            rows = (
                select(RateBucket)
                .where(RateBucket.expires_at > clock.now(), RateBucket.hits > 0, ~begins(SPENT))
                .order_by(RateBucket.key)
            )
            return [(row.key, row.hits, row.expires_at) for row in session.scalars(rows)]

    def forget(self, prefix: str) -> int:
        with self._database.write() as session:
            deletion = delete(RateBucket).where(begins(prefix), ~begins(SPENT)).returning(RateBucket.key)
            return len(session.scalars(deletion).all())

    def _live(self, key: str) -> Entry | None:
        found = BY_KEY.look_up(self._database, key=key)
        return found if found and found[2] > clock.now() else None


def count_hit(db: Session, key: str, expiry: int, amount: int = 1) -> int:
    now = clock.now()
    end = now + timedelta(seconds=expiry)
    values = {"key": key, "amount": amount, "now": to_microseconds(now), "end": to_microseconds(end)}
    return cast(int, db.execute(COUNT, values).scalar_one())


def begins(prefix: str) -> ColumnElement[bool]:
    # Not LIKE, which ignores case on SQLite.
    return func.substr(RateBucket.key, 1, len(prefix)) == prefix


def purge(db: Session, *, limit: int = 500) -> int:
    """Delete windows that have ended. Returns how many; 0 when none are left."""
    over = select(RateBucket.key).where(RateBucket.expires_at <= clock.now()).limit(limit)
    # On PostgreSQL a login holds locks on several rows until all are counted. Waiting for one of them while holding
    # another could deadlock, so locked rows are skipped.
    found = db.scalars(over.with_for_update(skip_locked=True)).all()
    # Checked again, because a window may have restarted meanwhile.
    db.execute(delete(RateBucket).where(RateBucket.key.in_(found), RateBucket.expires_at <= clock.now()))
    return len(found)
