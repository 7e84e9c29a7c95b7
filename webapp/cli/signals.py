"""Handles SIGTERM and SIGINT in a thread of its own."""

import signal
import threading
from collections.abc import Callable

STOPS = {signal.SIGTERM, signal.SIGINT}


def on_stop(callback: Callable[[], object]) -> None:
    """Call ``callback`` once, at the first SIGTERM or SIGINT.

    Python runs signal handlers in the main thread only. If a signal arrives just when that thread starts to wait for
    a lock, as granian's main threads do all the time, the handler does not run until the next signal. So the signals
    are blocked in this thread and in all threads and processes started from it, and one thread waits for them.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    threading.Thread(target=wait, args=(callback,), name="signals", daemon=True).start()


def wait(callback: Callable[[], object]) -> None:
    # Only once: granian's internal signal queue holds two, and a third call would block for ever while holding the GIL.
    signal.sigwait(STOPS)
    callback()
