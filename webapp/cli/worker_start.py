"""Starts a worker: what granian calls in a new process, which has imported nothing of the application yet."""

import gc
import os
import sys
from typing import Any

from webapp.core.lazy_import import import_uncollected

DEBUG = "LATCHKEY_DEBUG"
"""Environment variable that tells a worker that it was started with ``--debug``."""
LOG_JSON = "LATCHKEY_LOG_JSON"
"""The same for WEBAPP_LOG_JSON, which the worker needs before it has read the settings."""


def application() -> Any:
    worker = import_uncollected("webapp.cli.worker")
    try:
        gateway = worker.application()
    except Exception as error:
        if LOG_JSON not in os.environ:
            raise
        # Raised, it would be printed by the process, which is no line of JSON.
        sys.excepthook(type(error), error, error.__traceback__)
        os._exit(1)
    # The application stays as long as the process, so no later collection needs to look through it.
    gc.freeze()
    return gateway
