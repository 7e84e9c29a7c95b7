"""Shutdown of a worker: finish running requests and jobs, write the counted uses, within a time limit."""

import os
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from webapp.core.background_worker import BackgroundWorker

if TYPE_CHECKING:
    from webapp.credentials.usage_tracker import UsageTracker

# Seconds after the signal in which running requests, the mail being sent and the current step of a job may finish.
GRACE = 7.0
# Seconds after which the process ends in any case.
HARD_LIMIT = 9.0
# Seconds after which granian kills the worker and logs that it refused to stop.
KILL_AFTER = 10


class Shutdown:
    """Stops the server and the background workers, then ends the process.

    Args:
        stop_serving: makes the server finish its requests; returns False if it does not serve yet.
    """

    def __init__(self, stop_serving: Callable[[], bool], leave: Callable[[int], object] = os._exit) -> None:
        self._stop_serving, self._leave = stop_serving, leave
        self._deadline: float | None = None
        self._workers: list[BackgroundWorker] = []
        self._meter: UsageTracker | None = None
        self._once = threading.Lock()

    def concerns(self, meter: "UsageTracker", *workers: BackgroundWorker) -> None:
        self._meter, self._workers = meter, list(workers)

    def begin(self) -> None:
        """Start the shutdown. granian finishes the requests; its main thread returns after the last response."""
        self._deadline = time.monotonic() + GRACE
        if not self._stop_serving():
            self._leave(0)
            return
        later(GRACE, self.finish)
        later(HARD_LIMIT, lambda: self._leave(0))
        for worker in self._workers:
            worker.stop()

    def finish(self) -> None:
        """Called by the main thread when all requests are done, or by a timer after ``GRACE`` seconds."""
        with self._once:
            for worker in self._workers:
                worker.stop()
                worker.join(self.left())
            if self._meter is not None:
                self._meter.close()
            # Without finalizing the interpreter, which may abort in Rust while granian's threads run.
            self._leave(0)

    def left(self) -> float:
        return GRACE if self._deadline is None else max(0.0, self._deadline - time.monotonic())


def later(seconds: float, act: Callable[[], object]) -> None:
    timer = threading.Timer(seconds, act)
    timer.daemon = True
    timer.start()
