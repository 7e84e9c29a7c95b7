"""Limiter: rate limits that are exact across processes, counted in the database or in Valkey."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from urllib.parse import quote

from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage, storage_from_string

from webapp.core import clock
from webapp.core.db import Database, Unavailable
from webapp.core.ratelimit_storage import Entry, Listed, SqlStorage, ValkeyListing, in_turn
from webapp.settings import Settings

LONGEST_KEY = 100


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    amount: int
    per: timedelta

    @property
    def seconds(self) -> int:
        return int(self.per.total_seconds())

    def key(self, parts: Iterable[str]) -> str:
        """The key of the window for these parts, in the format of the ``limits`` library."""
        return RateLimitItemPerSecond(self.amount, self.seconds, namespace=self.name).key_for(*map(bounded, parts))


Counted = tuple[Limit, str]
"""A limit, and the key to count for."""


@dataclass(frozen=True, slots=True)
class LimitResult:
    allowed: bool
    retry_after: timedelta
    """Time until the window ends; zero if allowed."""
    remaining: int


@dataclass(frozen=True, slots=True)
class LimitExceeded:
    limit: Limit
    key: str
    retry_after: timedelta


class Limiter:
    """Counts in transactions of its own, so call it before the request's write transaction: SQLite has one writer.

    ``on_over`` is called with each limit that a request is over.

    Every method raises ``Unavailable`` if counting is not possible: a request that cannot be counted is refused.
    """

    def __init__(self, storage: SqlStorage | RedisStorage) -> None:
        self._storage = storage
        self.on_over: Callable[[Limit], None] | None = None
        self._listing: Listed = storage if isinstance(storage, SqlStorage) else ValkeyListing(storage)

    def take(self, limit: Limit, *keys: str) -> LimitResult:
        """Count a hit, allowed or not."""
        with self._counting():
            key = limit.key(keys)
            return self._answer(limit, key, self._storage.incr(key, limit.seconds), most=limit.amount)

    def take_in_turn(self, *counted: tuple[Limit, str]) -> LimitExceeded | None:
        """Count a hit for each, up to and including the first that is over its limit, which is returned."""
        items = [(limit.key([key]), limit.seconds, limit.amount) for limit, key in counted]
        with self._counting():
            storage = self._storage
            hits = storage.incr_in_turn(items) if isinstance(storage, SqlStorage) else [*in_turn(items, storage.incr)]
            (limit, key), item = counted[len(hits) - 1], items[len(hits) - 1]
            taken = self._answer(limit, item[0], hits[-1], most=limit.amount)
        return None if taken.allowed else LimitExceeded(limit, key, taken.retry_after)

    def take_unless_over(self, limit: Limit, *keys: str) -> LimitResult:
        """Count a hit if it is still allowed. Over the limit nothing is written, so a flood costs one read each."""
        found = self.look(limit, *keys)
        return self.take(limit, *keys) if found.allowed else found

    def look(self, limit: Limit, *keys: str) -> LimitResult:
        """What ``take`` would return, without counting."""
        with self._counting():
            key = limit.key(keys)
            return self._answer(limit, key, self._storage.get(key), most=limit.amount - 1)

    def is_over(self, limit: Limit, *keys: str) -> bool:
        """Whether more hits were counted than are allowed."""
        with self._counting():
            return self._storage.get(limit.key(keys)) > limit.amount

    def clear(self, limit: Limit, *keys: str) -> None:
        """Reset the count, as after a successful login."""
        with self._counting():
            self._storage.clear(limit.key(keys))

    def forgive(self, cleared: Iterable[Counted], given_back: Iterable[Counted], *, since: datetime) -> None:
        """Take hits back after a success, in one transaction.

        Args:
            cleared: counts to reset.
            given_back: counts to decrease by one hit, unless its window has ended.
            since: a moment after the hits to give back were counted.
        """
        clear = [limit.key([key]) for limit, key in cleared]
        less = [(limit.key([key]), limit.seconds) for limit, key in given_back]
        with self._counting():
            self._listing.forgive(clear, less, since)

    def reset(self, prefix: str | None = None) -> int:
        """Delete every window whose key begins with ``prefix``. Returns how many."""
        with self._counting():
            return self._listing.forget(prefix or "")

    def entries(self) -> list[Entry]:
        """Key, hits and end of every window that has not ended."""
        with self._counting():
            return list(self._listing.entries())

    def _answer(self, limit: Limit, key: str, hits: int, *, most: int) -> LimitResult:
        allowed, remaining = hits <= most, max(0, limit.amount - hits)
        if not allowed and self.on_over is not None:
            self.on_over(limit)
        # The end of the window costs a query and is needed only for refusals.
        left = 0.0 if allowed else self._storage.get_expiry(key) - clock.now().timestamp()
        return LimitResult(allowed=allowed, retry_after=timedelta(seconds=max(0.0, left)), remaining=remaining)

    @contextmanager
    def _counting(self) -> Iterator[None]:
        try:
            yield
        except self._storage.base_exceptions as error:
            raise Unavailable(str(error)) from error


def bounded(key: str) -> str:
    """A part of a key, readable for operators: without the separator ``/``, and hashed if it is too long."""
    plain = quote(key, safe="@:.+ ", errors="replace")
    return plain if len(plain) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode(errors='replace')).hexdigest()}"


def limiter_for(settings: Settings, database: Database) -> Limiter:
    if settings.valkey_url:
        return Limiter(cast(RedisStorage, storage_from_string(settings.valkey_url)))
    return Limiter(SqlStorage(database))
