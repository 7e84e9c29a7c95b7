"""ValkeyStorage: counts of rate limits in Valkey, which gets no requests while it does not answer."""

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from threading import Lock, Thread
from time import monotonic
from typing import Any, TypeVar, cast

from limits.storage import RedisStorage, storage_from_string

from webapp.core.db import Unavailable
from webapp.core.ratelimit_storage import SPENT, Entry
from webapp.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUT = 1.0
"""Seconds for a connection, and for each answer."""
PAUSE = 5.0
"""Seconds from a failure to the next attempt."""
PROBE = f"{SPENT}probe"
SLOW = "its answer took too long"


class ValkeyStorage:
    """The ``limits`` library's storage, with a circuit breaker.

    After a failure no request waits for Valkey again: when it is next needed, another thread tries it, at most once in
    ``PAUSE``.
    """

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {"socket_connect_timeout": TIMEOUT, "socket_timeout": TIMEOUT}
        self._storage = cast(RedisStorage, storage_from_string(url, **options, socket_keepalive=True))
        self._lock = Lock()
        self._is_answering, self._next_try = True, 0.0
        self._trying = Thread()

    def run(self, operation: Callable[[RedisStorage], T]) -> T:
        """Run an operation on the storage, unless Valkey is known not to answer.

        Raises:
            Unavailable: it does not answer, or did not the last time.
        """
        if not self._is_answering:
            self._try_again()
            raise Unavailable("Valkey did not answer the last time")
        begun = monotonic()
        try:
            found = operation(self._storage)
        except self._storage.base_exceptions as error:
            self._failed(str(error))
            raise Unavailable(str(error)) from error
        if is_slow(begun):
            # Each of several answers may be in time, but one request must not wait for many of them.
            self._failed(SLOW)
        return found

    def answers(self) -> bool:
        """Whether Valkey answers, as far as is known; tried only if it answered the last time."""
        try:
            self.run(probe)
        except Unavailable:
            return False
        return True

    def entries(self) -> list[Entry]:
        """Key, hits and end of every window that has not ended."""
        return self.run(lambda storage: list(entries_in(storage)))

    def forget(self, prefix: str) -> int:
        """Delete every window whose key begins with ``prefix``. Returns how many."""
        return self.run(lambda storage: deleted_from(storage, prefix))

    def close(self) -> None:
        # The thread uses what is closed here.
        if self._trying.is_alive():
            self._trying.join(2 * TIMEOUT)
        client_of(self._storage).close()

    def _failed(self, reason: str) -> None:
        with self._lock:
            was_answering, self._is_answering = self._is_answering, False
            self._next_try = monotonic() + PAUSE
        if was_answering:
            log.error("valkey unavailable", extra={"fields": {"reason": reason}})

    def _try_again(self) -> None:
        with self._lock:
            if self._trying.is_alive() or monotonic() < self._next_try:
                return
            self._trying = Thread(target=self._try, name="valkey", daemon=True)
            # The process may have no thread left, or be ending; then a later request tries.
            with suppress(RuntimeError):
                self._trying.start()

    def _try(self) -> None:
        begun, is_found = monotonic(), False
        try:
            probe(self._storage)
            is_found = not is_slow(begun)
        except self._storage.base_exceptions as error:
            log.debug("valkey still unavailable", extra={"fields": {"reason": str(error)}})
        with self._lock:
            self._is_answering, self._next_try = is_found, monotonic() + PAUSE
        if is_found:
            log.warning("valkey available again")


def valkey_for(settings: Settings) -> ValkeyStorage | None:
    return ValkeyStorage(settings.valkey_url) if settings.valkey_url else None


def is_slow(begun: float) -> bool:
    return monotonic() - begun > TIMEOUT


def probe(storage: RedisStorage) -> None:
    # Counts, because a server that is full or a replica still answers a PING.
    storage.incr(PROBE, 60)


def entries_in(storage: RedisStorage) -> Iterator[Entry]:
    client, head = client_of(storage), storage.prefixed_key("")
    for key in sorted(keys_in(storage)):
        hits, left = client.get(head + key), client.pttl(head + key)
        # The key may have expired since it was listed.
        if hits is not None and left > 0:
            yield key, int(hits), datetime.now(UTC) + timedelta(milliseconds=left)


def deleted_from(storage: RedisStorage, prefix: str) -> int:
    found = [key for key in keys_in(storage) if key.startswith(prefix)]
    return sum(client_of(storage).delete(storage.prefixed_key(key)) for key in found)


def keys_in(storage: RedisStorage) -> Iterator[str]:
    head = storage.prefixed_key("")
    found = (raw.decode().removeprefix(head) for raw in client_of(storage).scan_iter(f"{head}*"))
    return (key for key in found if not key.startswith(SPENT))


def client_of(storage: RedisStorage) -> Any:
    return storage.get_connection()
