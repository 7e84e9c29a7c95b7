"""What a worker runs: the application, as long as the process that started it is there."""

import atexit
import os
import signal
import threading
from multiprocessing import parent_process

from flask import Flask

from webapp.app import create_app
from webapp.cli import signals
from webapp.cli.ending import Ending
from webapp.kernel.tracebacks import print_uncaught


def application() -> Flask:
    ending = Ending()
    signals.hear(ending.begin)
    print_uncaught()
    threading.Thread(target=leave_with_parent, name="parent", daemon=True).start()
    app = create_app()
    workers = [app.extensions["mail_worker"], app.extensions["chore_worker"]]
    ending.concerns(app.extensions["meter"], *workers)
    for worker in workers:
        worker.start()
    atexit.register(ending.finish)
    return app


def leave_with_parent() -> None:
    """A parent that was killed can stop nobody; its workers would keep the port, and old code, for good."""
    if (parent := parent_process()) is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
