"""Starts a worker: what granian calls in a new process, which has imported nothing of the application yet."""

import gc
from typing import Any

from webapp.core.lazy_import import import_uncollected

DEBUG = "LATCHKEY_DEBUG"
"""Environment variable that tells a worker that it was started with ``--debug``."""


def application() -> Any:
    gateway = import_uncollected("webapp.cli.worker").application()
    # The application stays as long as the process, so no later collection needs to look through it.
    gc.freeze()
    return gateway
