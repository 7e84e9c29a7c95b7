"""fill(): users, credentials and audit events in an empty site on PostgreSQL, by COPY from a SELECT of the server."""

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import psycopg
from psycopg import Connection

from tests.bench.scale.recipes import CHAIN, EVENTS, OF_PEOPLE, Recipe

AT_ONCE = 500_000
# On disk, indexes included, with room for building them.
BYTES_PER_USER, BYTES_PER_CREDENTIAL, BYTES_PER_EVENT = 1_500, 1_500, 1_500
LARGE = ("user", "credential", "audit_event")


@dataclass(frozen=True, slots=True)
class Size:
    users: int
    credentials: int
    events: int

    def __str__(self) -> str:
        return f"{self.users:,} users, {self.credentials:,} credentials, {self.events:,} events"

    @property
    def disk(self) -> int:
        """Bytes that it takes, at most."""
        return self.users * BYTES_PER_USER + self.credentials * BYTES_PER_CREDENTIAL + self.events * BYTES_PER_EVENT


SMALL, FULL = Size(10_000, 50_000, 200_000), Size(1_000_000, 5_000_000, 20_000_000)


def require_disk(folder: str, *sizes: Size) -> None:
    needed, free = sum(size.disk for size in sizes), shutil.disk_usage(folder).free
    if needed > free:
        raise SystemExit(f"{folder} has {free / 1e9:.0f} GB free; {needed / 1e9:.0f} GB are needed")


def fill(url: str, size: Size) -> None:
    """
    Args:
        url: of a database with the tables of a site and no users, as its superuser.
    """
    numbers = asdict(size) | {"now": time.time_ns() // 1000}
    with psycopg.connect(url, autocommit=True) as source, psycopg.connect(url, autocommit=True) as target:
        for statement in CHAIN:
            source.execute(statement)
        # Neither triggers nor foreign keys: the rows are made to fit.
        target.execute("SET session_replication_role = replica")
        with without_indexes(target):
            for recipe in OF_PEOPLE:
                pour(source, target, recipe, numbers)
            append_events(source, target, numbers)
        with noted("VACUUM (ANALYZE)"):
            target.execute("VACUUM (ANALYZE)")


def pour(source: Connection, target: Connection, recipe: Recipe, numbers: dict[str, int], **values: object) -> None:
    last = numbers[recipe.of]
    with noted(recipe.table):
        for first in range(1, last + 1, AT_ONCE):
            some = {"first": first, "last": min(first + AT_ONCE - 1, last)}
            copy(source, target, recipe, recipe.select.format(**numbers, **some, **values))


def copy(source: Connection, target: Connection, recipe: Recipe, select: str) -> None:
    into = f"COPY {recipe.table} ({recipe.columns}) FROM STDIN"
    with source.cursor().copy(f"COPY ({select}) TO STDOUT") as rows, target.cursor().copy(into) as table:
        for row in rows:
            table.write(row)


def append_events(source: Connection, target: Connection, numbers: dict[str, int]) -> None:
    """Behind those that are there, so that the chain goes on from them."""
    with noted(EVENTS.table):
        while (head := head_of(target))[0] < numbers["events"]:
            first = head[0] + 1
            some = {"first": first, "last": min(first + AT_ONCE - 1, numbers["events"])}
            copy(source, target, EVENTS, EVENTS.select.format(**numbers, **some, former=head[1]))
            target.execute(
                "UPDATE audit_head SET (seq, digest) = (SELECT seq, digest FROM audit_event ORDER BY seq DESC LIMIT 1)"
            )


def head_of(connection: Connection) -> tuple[int, str]:
    found: tuple[int, str] | None = connection.execute("SELECT seq, encode(digest, 'hex') FROM audit_head").fetchone()
    assert found is not None
    return found


@contextmanager
def without_indexes(connection: Connection) -> Iterator[None]:
    """Those of large tables are made afterwards, but for what constraints need."""
    query = """SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND NOT EXISTS
        (SELECT 1 FROM pg_constraint WHERE conname = indexname)"""
    found = connection.execute(query, [list(LARGE)]).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    yield
    for name, definition in found:
        with noted(name):
            connection.execute(definition)


@contextmanager
def noted(what: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
