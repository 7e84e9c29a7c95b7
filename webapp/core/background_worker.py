"""BackgroundWorker: base class of threads that work beside the requests until they are stopped."""

import threading
from abc import ABC, abstractmethod


class BackgroundWorker(ABC):
    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)

    @abstractmethod
    def run(self) -> None:
        """The body of the thread; returns soon after ``is_stopping`` becomes True."""

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Make ``is_stopping`` True; does not wait for the thread."""
        self._stopping.set()

    def join(self, timeout: float) -> bool:
        """Wait for the thread; whether it has ended within ``timeout`` seconds."""
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()
