"""A limited number of slots, shared fairly between their owners."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class NoSlotFree(Exception):
    """All slots are taken, or this owner already holds its share."""


class FairSlots:
    """A semaphore that no single owner can exhaust.

    An owner gets another slot only while more slots are free than it holds. One owner alone gets half of them, two get
    a third each, ``k`` get ``1 / (k + 1)`` each, and as much again stays free for the next. This is the dynamic
    threshold for shared buffers of Choudhury and Hahne (IEEE/ACM ToN 6(2), 1998), with a factor of one.

    Args:
        capacity: how many may be held at once.
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = self._free = capacity
        self._slots_of: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, owner: str | None) -> Iterator[None]:
        """Hold one slot for as long as the context lasts, without waiting for it.

        Args:
            owner: whose share it is taken from; None for a caller that is alone, such as a command.

        Raises:
            NoSlotFree
        """
        self._take(owner)
        try:
            yield
        finally:
            self._give_back(owner)

    def _take(self, owner: str | None) -> None:
        with self._lock:
            if self._free <= (0 if owner is None else self._slots_of[owner]):
                raise NoSlotFree
            self._free -= 1
            if owner is not None:
                self._slots_of[owner] += 1

    def _give_back(self, owner: str | None) -> None:
        with self._lock:
            self._free += 1
            if owner is not None:
                self._slots_of[owner] -= 1
                # Otherwise the counter would grow with every owner that was ever seen.
                if not self._slots_of[owner]:
                    del self._slots_of[owner]
