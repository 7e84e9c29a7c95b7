"""What tells a process to stop, heard by a thread of its own."""

import signal
import threading
from collections.abc import Callable

STOPS = {signal.SIGTERM, signal.SIGINT}


def hear(tell: Callable[[], object]) -> None:
    """Call ``tell`` once, when this process is first told to stop.

    Python lets the main thread alone run what a signal asks for. One that comes at the moment in which that thread lies
    down to wait for a lock, as granian's do for all their life, is slept through until the next signal. So they are
    blocked, in this thread and in all threads and processes that are started from it, and one thread waits for them.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    threading.Thread(target=wait, args=(tell,), name="signals", daemon=True).start()


def wait(tell: Callable[[], object]) -> None:
    # Once: granian's signal to itself holds two, and whoever sets a third waits for ever, with the interpreter's lock.
    signal.sigwait(STOPS)
    tell()
