"""RawReader: runs one SELECT directly with the driver, on a connection per thread; used by every request."""

import os
import sqlite3
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine

Parameters = Sequence[Any] | Mapping[str, Any]

# Without SQLITE_ERROR and similar codes, which are bugs and must not look like outages.
SQLITE_OUTAGES = {
    *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN),
    *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_NOMEM),
}

PREPARATION = {
    # With mmap_size the time to read a row hardly grows up to a million rows.
    "sqlite": ("PRAGMA busy_timeout=5000", "PRAGMA query_only=ON", "PRAGMA mmap_size=268435456"),
    "postgresql": ("SET default_transaction_read_only = on",),
}
ARGUMENTS: dict[str, dict[str, Any]] = {
    "sqlite": {"isolation_level": None, "check_same_thread": False},
    "postgresql": {"autocommit": True, "prepare_threshold": 0},
}


class Unavailable(Exception):
    """The database does not answer: locked for too long, full, or down. Trying again later may help."""


def is_outage(error: BaseException | None, *, writing: bool = False) -> bool:
    """Whether a driver's error means that the database is unavailable, not that the statement is wrong.

    Args:
        writing: whether the transaction may write; if not, "read-only" is a bug and no outage.
    """
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return code in SQLITE_OUTAGES or (writing and code == sqlite3.SQLITE_READONLY)
    # PostgreSQL has become read-only, such as a standby.
    if writing and getattr(error, "sqlstate", None) == "25006":
        return True
    # By name (PEP 249), because the driver may not be installed.
    return not {"OperationalError", "InterfaceError"}.isdisjoint(kind.__name__ for kind in type(error).__mro__)


class ThreadConnection:
    """A driver connection that is closed when its thread ends."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        # One cursor for all queries: creating one costs a quarter of a query.
        self.cursor = connection.cursor()
        self.pid = os.getpid()

    def __del__(self) -> None:
        if self.pid == os.getpid():
            self.connection.close()


# Connections inherited through a fork must be neither used nor closed: closing drops SQLite's locks and ends the
# parent's PostgreSQL session. Kept here, they are never garbage-collected.
FOREIGN: list[ThreadConnection] = []


class RawReader:
    """Connects at the first query, so it can be created before a fork."""

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._arguments = self._dialect.create_connect_args(engine.url)
        self._local = threading.local()
        self._all: weakref.WeakSet[ThreadConnection] = weakref.WeakSet()

    def row(self, sql: str, parameters: Parameters = ()) -> tuple[Any, ...] | None:
        """The first row of a SELECT, as the driver gives it, or None.

        Raises:
            Unavailable: also on a second attempt with a new connection.
        """
        try:
            return self._query(sql, parameters)
        except self._dialect.loaded_dbapi.Error as error:
            if not is_outage(error):
                raise
        # The database server may have been restarted since the last query.
        self._local.cached = None
        try:
            return self._query(sql, parameters)
        except self._dialect.loaded_dbapi.Error as error:
            self._local.cached = None
            if not is_outage(error):
                raise
            raise Unavailable(str(error)) from error

    def close(self) -> None:
        for cached in list(self._all):
            cached.connection.close()
        self._local = threading.local()

    def _query(self, sql: str, parameters: Parameters) -> tuple[Any, ...] | None:
        # Fetch all rows: an unread row would keep the read transaction open, and later queries would see old data.
        rows: list[tuple[Any, ...]] = self._cursor().execute(sql, parameters).fetchall()
        return rows[0] if rows else None

    def _cursor(self) -> Any:
        cached: ThreadConnection | None = getattr(self._local, "cached", None)
        if cached is not None and cached.pid == os.getpid():
            return cached.cursor
        if cached is not None:
            FOREIGN.append(cached)
        self._local.cached = cached = ThreadConnection(self._connect())
        self._all.add(cached)
        return cached.cursor

    def _connect(self) -> Any:
        positional, keywords = self._arguments
        connection = self._dialect.loaded_dbapi.connect(*positional, **{**keywords, **ARGUMENTS[self._dialect.name]})
        for statement in PREPARATION[self._dialect.name]:
            connection.execute(statement)
        return connection
