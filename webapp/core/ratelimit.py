"""Limiter: rate limits that are exact across processes, counted in the database; some in Valkey, where it is set."""

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote

from limits import RateLimitItemPerSecond
from limits.storage import RedisStorage

from webapp.core import clock
from webapp.core.db import Database, Unavailable
from webapp.core.ratelimit_storage import Entry, SqlStorage
from webapp.core.valkey_storage import ValkeyStorage, valkey_for
from webapp.settings import Settings

LONGEST_KEY = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limit:
    name: str
    amount: int
    per: timedelta
    is_volatile: bool = False
    """Counted in Valkey, where that is set: for what is counted on many requests, and may start again when Valkey
    fails or recovers. Never for what guards a login or lets a value be used once."""

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
    """Rate limiter.

    It counts in transactions of its own, so call it before the request's write transaction: SQLite has one writer.

    What would be counted in Valkey is counted in the database while Valkey does not answer.

    ``on_over`` is called with each limit that a request is over.

    Every method raises ``Unavailable`` if counting is not possible: a request that cannot be counted is refused.
    """

    def __init__(self, database: SqlStorage, valkey: ValkeyStorage | None = None) -> None:
        self._database = database
        self.valkey = valkey
        self.on_over: Callable[[Limit], None] | None = None

    def take(self, limit: Limit, *keys: str) -> LimitResult:
        """Count a hit, allowed or not."""
        key = limit.key(keys)
        return self._counted(
            limit,
            lambda storage: self._result(limit, key, storage, storage.incr(key, limit.seconds), maximum=limit.amount),
        )

    def take_in_turn(self, *counted: Counted) -> LimitExceeded | None:
        """Count a hit for each, up to and including the first that is over its limit, which is returned.

        Args:
            counted: none of them volatile, because they are counted in one transaction.
        """
        hits = self._database.incr_in_turn([(limit.key([key]), limit.seconds, limit.amount) for limit, key in counted])
        limit, key = counted[len(hits) - 1]
        result = self._result(limit, limit.key([key]), self._database, hits[-1], maximum=limit.amount)
        return None if result.allowed else LimitExceeded(limit, key, result.retry_after)

    def take_unless_over(self, limit: Limit, *keys: str) -> LimitResult:
        """Count a hit if it is still allowed. Over the limit nothing is written, so a flood costs one read each."""
        found = self.peek(limit, *keys)
        return self.take(limit, *keys) if found.allowed else found

    def peek(self, limit: Limit, *keys: str) -> LimitResult:
        """What ``take`` would return, without counting."""
        key = limit.key(keys)
        return self._counted(
            limit, lambda storage: self._result(limit, key, storage, storage.get(key), maximum=limit.amount - 1)
        )

    def is_over(self, limit: Limit, *keys: str) -> bool:
        """Whether more hits were counted than are allowed."""
        return self._counted(limit, lambda storage: storage.get(limit.key(keys)) > limit.amount)

    def clear(self, limit: Limit, *keys: str) -> None:
        """Reset the count, as after a successful login."""
        self._counted(limit, lambda storage: storage.clear(limit.key(keys)))

    def forgive(self, cleared: Iterable[Counted], decremented: Iterable[Counted], *, since: datetime) -> None:
        """Take hits back after a success, in one transaction.

        Args:
            cleared: counts to reset; neither these nor the others are volatile.
            decremented: counts to decrease by one hit, unless its window has ended.
            since: a moment after the hits to give back were counted.
        """
        resets = [limit.key([key]) for limit, key in cleared]
        decrements = [(limit.key([key]), limit.seconds) for limit, key in decremented]
        self._database.forgive(resets, decrements, since)

    def reset(self, prefix: str = "") -> int:
        """Delete every window whose key begins with ``prefix``. Returns how many.

        In Valkey only if it answers; ``valkey.answers()`` says whether it does.
        """
        return self._database.forget(prefix) + self._in_valkey(lambda valkey: valkey.forget(prefix), 0)

    def entries(self) -> list[Entry]:
        """Key, hits and end of every window that has not ended. In Valkey as for ``reset``."""
        return sorted([*self._database.entries(), *self._in_valkey(ValkeyStorage.entries, list[Entry]())])

    def close(self) -> None:
        if self.valkey is not None:
            self.valkey.close()

    def _counted(self, limit: Limit, count: Callable[[SqlStorage | RedisStorage], T]) -> T:
        if limit.is_volatile and self.valkey is not None:
            with suppress(Unavailable):
                return self.valkey.run(count)
        return count(self._database)

    def _in_valkey(self, call: Callable[[ValkeyStorage], T], otherwise: T) -> T:
        if self.valkey is not None:
            with suppress(Unavailable):
                return call(self.valkey)
        return otherwise

    def _result(
        self, limit: Limit, key: str, storage: SqlStorage | RedisStorage, hits: int, *, maximum: int
    ) -> LimitResult:
        allowed, remaining = hits <= maximum, max(0, limit.amount - hits)
        # The end of the window costs a query and is needed only for refusals.
        seconds_left = 0.0 if allowed else storage.get_expiry(key) - clock.now().timestamp()
        if not allowed and self.on_over is not None:
            self.on_over(limit)
        return LimitResult(allowed=allowed, retry_after=timedelta(seconds=max(0.0, seconds_left)), remaining=remaining)


def bounded(key: str) -> str:
    """A part of a key, readable for operators: without the separator ``/``, and hashed if it is too long."""
    plain = quote(key, safe="@:.+ ", errors="replace")
    return plain if len(plain) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode(errors='replace')).hexdigest()}"


def limiter_for(settings: Settings, database: Database) -> Limiter:
    return Limiter(SqlStorage(database), valkey_for(settings))
