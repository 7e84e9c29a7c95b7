"""Scheduling priority of a thread."""

import os
import sys
import threading

# About a ninth of the CPU time of other threads when the cores are busy.
NICENESS = 10


def lower_priority() -> None:
    """Lower the priority of this thread: a hash takes as long as twenty requests."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
