"""Tries to log in whose password this process is comparing now."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from webapp.core.ratelimit import Counted, Limit


class TriesInFlight:
    """They are counted like wrong ones until they turn out to be right, so a full count may be one of right ones."""

    def __init__(self) -> None:
        self._held: Counter[Counted] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, counted: Iterable[Counted]) -> Iterator[None]:
        counted = list(counted)
        with self._lock:
            self._held.update(counted)
        try:
            yield
        finally:
            with self._lock:
                self._held.subtract(counted)
                for key in counted:
                    if not self._held[key]:
                        del self._held[key]

    def is_any(self, limit: Limit, key: str) -> bool:
        """Whether a try is in flight that counts for this key."""
        with self._lock:
            return (limit, key) in self._held
