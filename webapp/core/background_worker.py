"""A background thread that works until it is stopped."""

import threading
from abc import ABC, abstractmethod


class BackgroundWorker(ABC):
    def __init__(self, name: str) -> None:
        self._told = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    @abstractmethod
    def run(self) -> None:
        """Until it ``is_told``, and then no further than the piece of work in hand."""

    @property
    def is_told(self) -> bool:
        return self._told.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Let it end after the piece of work in hand; waits for nothing."""
        self._told.set()

    def join(self, timeout: float) -> bool:
        """Whether it has ended within ``timeout`` seconds."""
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()
