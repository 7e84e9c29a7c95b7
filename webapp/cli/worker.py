"""What a worker runs: the application, as long as the process that started it is there."""

import atexit
import os
import signal
import threading
from multiprocessing import parent_process

from flask import Flask

from webapp.app import create_app


def application() -> Flask:
    # Done last, because registered first: taking the interpreter apart under granian's threads may abort in Rust.
    atexit.register(os._exit, 0)
    threading.Thread(target=leave_with_parent, name="parent", daemon=True).start()
    app = create_app()
    for worker in ("mail_worker", "chore_worker"):
        app.extensions[worker].start()
    return app


def leave_with_parent() -> None:
    """A parent that was killed can stop nobody; its workers would keep the port, and old code, for good."""
    if (parent := parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
