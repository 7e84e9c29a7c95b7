"""Where hits are counted: in the database, or in Valkey; and how an operator sees them."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol, cast

from limits.storage import RedisStorage, Storage
from sqlalchemy import ColumnElement, delete, func, select, text
from sqlalchemy.orm import Session

from webapp.core import clock
from webapp.core.db import Database, Unavailable, to_microseconds
from webapp.core.models import RateBucket

Entry = tuple[str, int, datetime]
Item = tuple[str, int, int]
"""A key, how many seconds its window has, and how many hits are allowed in it."""

# Keys that begin so count no tries, but hold what may be used once: they are not listed, and not forgotten by hand.
SPENT = "spent-"

# One statement, so that processes which come at once are counted one after the other. Both databases understand it.
COUNT = text("""
    INSERT INTO rate_bucket (key, hits, expires_at) VALUES (:key, :amount, :end)
    ON CONFLICT (key) DO UPDATE SET
      hits = CASE WHEN rate_bucket.expires_at <= :now THEN :amount ELSE rate_bucket.hits + :amount END,
      expires_at = CASE WHEN rate_bucket.expires_at <= :now THEN :end ELSE rate_bucket.expires_at END
    RETURNING hits
""")

CLEAR = text("DELETE FROM rate_bucket WHERE key = :key")


class Listed(Protocol):
    """What the library's storages lack: a way to look at all of it."""

    def entries(self) -> Iterable[Entry]: ...

    def forget(self, prefix: str) -> int: ...


def in_turn(items: Iterable[Item], incr: Callable[[str, int], int]) -> Iterator[int]:
    """The hits of each, with this one; what comes after one that has too many is not counted."""
    for key, expiry, most in items:
        hits = incr(key, expiry)
        yield hits
        if hits > most:
            return


class SqlStorage(Storage):
    """Fixed windows in short transactions of their own: a refused request's rollback must not take its count back."""

    STORAGE_SCHEME = None

    def __init__(self, database: Database) -> None:
        super().__init__()
        self._database = database

    @property
    def base_exceptions(self) -> type[Exception]:
        return Unavailable

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        with self._database.write() as session:
            return count(session, key, expiry, amount)

    def incr_in_turn(self, items: Sequence[Item]) -> list[int]:
        """In one transaction, which is half of what it takes."""
        with self._database.write() as session:
            return list(in_turn(items, partial(count, session)))

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

    def forgive(self, cleared: Iterable[str], given_back: Iterable[tuple[str, int]]) -> None:
        """Clear some, and count one less of others, in one transaction."""
        with self._database.write() as session:
            for key in cleared:
                session.execute(CLEAR, {"key": key})
            for key, expiry in given_back:
                count(session, key, expiry, -1)

    def entries(self) -> Iterable[Entry]:
        with self._database.read() as session:
            rows = (
                select(RateBucket).where(RateBucket.expires_at > clock.now(), ~begins(SPENT)).order_by(RateBucket.key)
            )
            return [(row.key, row.hits, row.expires_at) for row in session.scalars(rows)]

    def forget(self, prefix: str) -> int:
        with self._database.write() as session:
            gone = delete(RateBucket).where(begins(prefix), ~begins(SPENT)).returning(RateBucket.key)
            return len(session.scalars(gone).all())

    def _live(self, key: str) -> Entry | None:
        with self._database.read() as session:
            row = session.get(RateBucket, key)
            return (row.key, row.hits, row.expires_at) if row and row.expires_at > clock.now() else None


def count(db: Session, key: str, expiry: int, amount: int = 1) -> int:
    now = clock.now()
    end = now + timedelta(seconds=expiry)
    values = {"key": key, "amount": amount, "now": to_microseconds(now), "end": to_microseconds(end)}
    return cast(int, db.execute(COUNT, values).scalar_one())


def begins(prefix: str) -> ColumnElement[bool]:
    # Not LIKE, to which SQLite's letters are all of one case.
    return func.substr(RateBucket.key, 1, len(prefix)) == prefix


def purge(db: Session, *, most: int = 500) -> int:
    """Throw away windows that are over and count nothing. Returns how many; none where there are no more."""
    over = select(RateBucket.key).where(RateBucket.expires_at <= clock.now()).limit(most)
    # On PostgreSQL a login holds several until it has counted them all: waiting for one while holding another of them,
    # as it may itself, would be a deadlock.
    found = db.scalars(over.with_for_update(skip_locked=True)).all()
    # Asked again: one that began anew meanwhile counts.
    db.execute(delete(RateBucket).where(RateBucket.key.in_(found), RateBucket.expires_at <= clock.now()))
    return len(found)


class ValkeyListing:
    """Looks into the library's own storage for Valkey."""

    def __init__(self, storage: RedisStorage) -> None:
        self._storage = storage
        self._client: Any = storage.get_connection()
        self._head = storage.prefixed_key("")

    def entries(self) -> Iterable[Entry]:
        for key in sorted(self._keys("")):
            hits, left = self._client.get(self._head + key), self._client.pttl(self._head + key)
            # It may have ended since it was listed.
            if hits is not None and left > 0:
                yield key, int(hits), datetime.now(UTC) + timedelta(milliseconds=left)

    def forget(self, prefix: str) -> int:
        return sum(self._client.delete(self._head + key) for key in list(self._keys(prefix)))

    def _keys(self, prefix: str) -> Iterable[str]:
        found = (raw.decode().removeprefix(self._head) for raw in self._client.scan_iter(f"{self._head}*"))
        return (key for key in found if key.startswith(prefix) and not key.startswith(SPENT))
