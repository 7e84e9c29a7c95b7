"""How many audit events a second PostgreSQL takes: each transaction that records one locks the head of the chain.

Run alone: ``python -m tests.bench.scale.writes``. Unlike in the other measurements, every commit waits for the disk.
"""

import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.bench.scale.__main__ import site
from tests.journeys.postgresql import served
from webapp.audit.log import Event, record
from webapp.core.db import Database
from webapp.settings import Settings
from webapp.web.registry import services_of

SECONDS = 5
AT_ONCE = 1, 2, 4
SAFE = "-c synchronous_commit=on"


def record_all(url: str, seconds: float) -> int:
    """Events that one process records, each in a transaction of its own."""
    database, done, end = Database(url), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with database.write() as db:
            record(db, Event.REFRESH_USED)
        done += 1
    database.close()
    return done


def rate(url: str, processes: int) -> float:
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        # Once before, so that all have started.
        list(pool.map(record_all, [url] * processes, [0.5] * processes))
        return sum(pool.map(record_all, [url] * processes, [SECONDS] * processes)) / SECONDS


def main() -> int:
    with served(SAFE) as make, tempfile.TemporaryDirectory() as folder:
        url = make("writes")
        with site(url, Path(folder, "instance")) as app:
            found = services_of(app).get(Settings).database
        for processes in AT_ONCE:
            print(f"{rate(str(found), processes):>8,.0f} events a second by {processes} at once", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
