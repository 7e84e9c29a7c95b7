"""Return memory that is free in this process to the operating system, where the C library is glibc."""

import ctypes
import threading
import time

INTERVAL = 10.0
"""Seconds. Each hash of a password takes 19 MiB; allocating it again takes 9 ms longer."""
M_ARENA_MAX = -8
"""Of ``mallopt(3)``."""


def return_free_memory() -> None:
    """Return free memory now; takes less than a millisecond, or a few after a password hash."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def return_regularly() -> None:
    """Start a thread that returns free memory for as long as the process runs; call it before other threads start.

    All threads share one arena: of others, glibc returns no memory that is free at their end, so that each thread that
    has ever hashed a password would keep 19 MiB.
    """
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    if choose is not None:
        choose(M_ARENA_MAX, 1)
    threading.Thread(target=_return_for_ever, name="free memory", daemon=True).start()


def _return_for_ever() -> None:
    while True:
        time.sleep(INTERVAL)
        return_free_memory()
