"""How a worker ends: what runs is finished, what waits is written, and none of it may take for ever."""

import os
import threading
import time
from collections.abc import Callable

from webapp.core.background_worker import BackgroundWorker
from webapp.credentials.usage_tracker import UsageTracker

# Seconds after the signal. What runs has so long to finish: requests, the mail that is being sent, the step of a job.
GRACE = 7.0
# Then the process ends, wherever the last writing is.
CERTAINLY = 9.0
# After so long granian kills it, and says that it refused to stop.
PATIENCE = 10


class Shutdown:
    """
    Args:
        stop_serving: tells the server to finish its requests; False where nothing is served yet.
    """

    def __init__(self, stop_serving: Callable[[], bool], leave: Callable[[int], object] = os._exit) -> None:
        self._stop_serving, self._leave = stop_serving, leave
        self._deadline: float | None = None
        self._workers: list[BackgroundWorker] = []
        self._meter: UsageTracker | None = None
        self._once = threading.Lock()

    def concerns(self, meter: UsageTracker, *workers: BackgroundWorker) -> None:
        self._meter, self._workers = meter, list(workers)

    def begin(self) -> None:
        """The process was told to stop. Requests are granian's: its main thread returns when the last is answered."""
        self._deadline = time.monotonic() + GRACE
        if not self._stop_serving():
            self._leave(0)
            return
        later(GRACE, self.finish)
        later(CERTAINLY, lambda: self._leave(0))
        for worker in self._workers:
            worker.stop()

    def finish(self) -> None:
        """By the main thread when nothing runs any more, or by the clock when something runs for too long."""
        with self._once:
            for worker in self._workers:
                worker.stop()
                worker.join(self.left())
            if self._meter is not None:
                self._meter.close()
            # At once: taking the interpreter apart under granian's threads may abort in Rust.
            self._leave(0)

    def left(self) -> float:
        return GRACE if self._deadline is None else max(0.0, self._deadline - time.monotonic())


def later(seconds: float, act: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
