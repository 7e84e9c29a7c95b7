"""What pages and logins cost on PostgreSQL with few and with very many users, credentials and audit events.

Run alone: ``python -m tests.bench.scale``, by default with a tenth of the full size; ``--full`` takes as much disk and
time as docs/scaling.md says. It fails if a request takes more than twice as long as in the small database.
"""

import argparse
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from tests.bench.scale.filling import FULL, SMALL, Size, fill, noted, require_disk
from tests.bench.scale.requests import Ask, requests_of
from tests.journeys.postgresql import HASTY, binaries, served
from webapp.app import close, create_app
from webapp.cli import schema
from webapp.cli.context import CommandContext
from webapp.testing import quickened

TENTH = Size(100_000, 500_000, 2_000_000)
BUDGET, ROUNDS = 2.0, 15
# Less than this is added by other work on the machine.
SLACK = 0.002
SERVER = f"{HASTY} -c shared_buffers=1GB -c maintenance_work_mem=512MB -c max_wal_size=8GB"


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for one request, and those of them that this process computes."""

    wall: float
    cpu: float


def cost(ask: Ask) -> Cost:
    wall, cpu = time.perf_counter(), time.thread_time()
    answer = ask()
    found = Cost(time.perf_counter() - wall, time.thread_time() - cpu)
    if answer.status_code >= 400:
        raise SystemExit(f"{answer.request.full_path}: {answer.status}")
    return found


def compare(few: Ask, many: Ask) -> tuple[Cost, Cost]:
    """Medians, in turns, so that both are measured on the same machine, however busy it is."""
    for ask in (few, many):
        cost(ask)
    pairs = [(cost(few), cost(many)) for _ in range(ROUNDS)]
    return median([pair[0] for pair in pairs]), median([pair[1] for pair in pairs])


def median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(one.wall for one in costs), statistics.median(one.cpu for one in costs))


def is_over(few: Cost, many: Cost) -> bool:
    return many.wall > BUDGET * few.wall + SLACK


def table(few: Mapping[str, Ask], many: Mapping[str, Ask]) -> list[str]:
    """Prints a line for each request. Returns the names of those that are over the budget."""
    print(f"{'milliseconds':<66}{'small':>8}{'large':>8}{'CPU':>14}{'×':>7}")
    over = []
    for name, ask in few.items():
        small, large = compare(ask, many[name])
        times = f"{small.wall * 1e3:>8.1f}{large.wall * 1e3:>8.1f}{small.cpu * 1e3:>7.1f}{large.cpu * 1e3:>7.1f}"
        mark = " OVER" if is_over(small, large) else ""
        print(f"{name:<66}{times}{large.wall / small.wall:>7.2f}{mark}", flush=True)
        over += [name] if mark else []
    return over


@contextmanager
def site(url: str, folder: Path) -> Iterator[Flask]:
    """Passwords are hashed fast here: hashing takes as long, however many users there are."""
    limits = {f"WEBAPP_LOGIN_TRIES_PER_{whom}": "1000000" for whom in ("ACCOUNT", "ADDRESS")}
    settings = CommandContext({"WEBAPP_INSTANCE": str(folder), "WEBAPP_DATABASE_URL": url} | limits).settings
    schema.upgrade(settings)
    app = quickened(create_app(settings))
    logging.getLogger("webapp").setLevel(logging.WARNING)
    yield app
    close(app)


def dump(url: str, file: Path) -> None:
    """In the compressed format that ``db backup`` uses, to the same disk."""
    with noted("pg_dump"):
        subprocess.run([binaries()[0] / "pg_dump", "-Fc", "-f", file, url], check=True)
    print(f"the dump has {file.stat().st_size / 1e9:.1f} GB", file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale")
    parser.add_argument("--full", action="store_true", help=str(FULL))
    parser.add_argument("--dump", action="store_true", help="measure pg_dump of the large database, too")
    given = parser.parse_args()
    size = FULL if given.full else TENTH
    require_disk("/tmp", SMALL, size)
    with served(SERVER) as make, tempfile.TemporaryDirectory() as folder:
        small, large = make("small"), make("large")
        with site(small, Path(folder, "small")) as few, site(large, Path(folder, "large")) as many:
            for url, wanted in ((small, SMALL), (large, size)):
                print(f"filling: {wanted}", file=sys.stderr)
                fill(url, wanted)
            over = table(requests_of(few, SMALL), requests_of(many, size))
            if given.dump:
                dump(large, Path(folder, "dump"))
    print(f"OVER {BUDGET} TIMES: {', '.join(over)}" if over else f"All within {BUDGET} times.")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
