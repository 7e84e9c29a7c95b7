"""The database: Base and column types, configured engines, read and write transactions."""

import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    MetaData,
    Select,
    String,
    Uuid,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from webapp.core.column_types import Instant, Span, from_microseconds, to_microseconds
from webapp.core.compiled_query import CompiledQuery, compile_for
from webapp.core.raw_reader import Parameters, RawReader, Unavailable, is_outage

__all__ = [
    "Base",
    "CompiledQuery",
    "Database",
    "Instant",
    "Key",
    "Name",
    "Span",
    "Unavailable",
    "advisory_lock",
    "engine_for",
    "existing",
    "from_microseconds",
    "outages",
    "to_microseconds",
]

# Milliseconds that a SQLite writer waits for another.
BUSY = 5000
# Parameters contain names, digests and e-mail addresses: errors and log lines must not repeat them.
COMMON: dict[str, Any] = {"pool_timeout": 10, "hide_parameters": True}


Key = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=uuid4)]
Name = Annotated[str, mapped_column(String(50))]


class Base(DeclarativeBase):
    # Named constraints, so that a migration can drop them on both databases.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: Instant(), timedelta: Span(), UUID: Uuid()}  # noqa: RUF012 - SQLAlchemy reads it from the class


def engine_for(url: str | URL) -> Engine:
    """The engine for transactions that may write."""
    url = make_url(url)
    if url.get_backend_name() != "sqlite":
        return create_engine(url, **COMMON, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    engine = create_engine(url, **COMMON)
    event.listen(engine, "connect", prepare_sqlite)
    # A transaction that reads first and writes later could lose another's update or fail, so it takes the write lock at
    # its start.
    event.listen(engine, "begin", lambda connection: run(connection, "BEGIN IMMEDIATE"))
    return engine


def read_only(engine: Engine) -> Engine:
    """The engine for transactions that only read, which on SQLite never wait."""
    if engine.dialect.name != "sqlite":
        return engine.execution_options(postgresql_readonly=True)
    # With connections of its own, because a change of ``query_only`` makes SQLite prepare all statements again,
    # which takes longer than most of them.
    reading = create_engine(engine.url, **COMMON)
    event.listen(reading, "connect", prepare_sqlite)
    event.listen(reading, "connect", lambda connection, _record: connection.execute("PRAGMA query_only=ON"))
    event.listen(reading, "begin", lambda connection: run(connection, "BEGIN"))
    return reading


def run(connection: Connection, sql: str, parameters: Parameters = ()) -> Any:
    """Run a statement directly with the driver, in the transaction of a connection. Returns the driver's cursor.

    Raises:
        DBAPIError: as for SQLAlchemy's own statements.
    """
    driver: Any = connection.connection.dbapi_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        return driver.execute(sql, parameters)
    except errors as error:
        raise DBAPIError.instance(sql, None, error, errors, hide_parameters=True, dialect=connection.dialect) from error


def existing(url: str) -> str:
    """The URL in a form that fails if the SQLite file is missing, instead of creating an empty one."""
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database or parts.database.startswith("file:"):
        return url
    file = Path(parts.database).absolute().as_uri()
    return parts.set(database=file, query={"mode": "rw", "uri": "true"}).render_as_string(hide_password=False)


def prepare_sqlite(connection: Any, _record: object) -> None:
    # The engines issue BEGIN: the driver would not do so before a SELECT or a savepoint.
    connection.isolation_level = None
    # FULL, because an acknowledged revocation must survive a power cut. The timeout comes first, as WAL needs the lock.
    for pragma in (f"busy_timeout={BUSY}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def outages(*, writing: bool = False) -> Iterator[None]:
    """Raise ``Unavailable`` for the exceptions by which SQLAlchemy reports that the database does not answer."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable(str(error)) from error
    except DBAPIError as error:
        if is_outage(error.orig, writing=writing):
            raise Unavailable(str(error.orig)) from error
        raise


class Database:
    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = engine_for(url)
        self.reading = read_only(self.engine)
        self._reader = RawReader(self.engine)
        self._observe: Callable[[str, float], None] | None = None
        self.row = self._reader.row
        """Runs one SELECT directly with the driver and returns its first row, unconverted; see ``CompiledQuery``."""
        for engine in (self.engine, self.reading):
            abandon_at_fork(engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction."""
        with self.measured("read"), outages(), Session(self.reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A write transaction: committed at the end, rolled back by an exception.

        SQLite has one writer at a time. On PostgreSQL others write meanwhile: read what the write depends on
        ``with_for_update()``, or state it as a condition of the UPDATE.
        """
        opened = Session(self.engine, expire_on_commit=False)
        with self.measured("write"), outages(writing=True), opened as session, session.begin():
            yield session

    def measured(self, kind: str) -> AbstractContextManager[None]:
        return nullcontext() if self._observe is None else timed(partial(self._observe, kind))

    def observe(self, transaction: Callable[[str, float], None], lookup: Callable[[float], None]) -> None:
        """Measure from now on. To be called before queries that use ``row`` are prepared.

        Args:
            transaction: called with ``read`` or ``write``, and the seconds that a transaction was open.
            lookup: called with the seconds that ``row`` took.
        """
        self._observe, unmeasured_row = transaction, self._reader.row

        def row(sql: str, parameters: Parameters = ()) -> tuple[Any, ...] | None:
            started = perf_counter()
            try:
                return unmeasured_row(sql, parameters)
            finally:
                lookup(perf_counter() - started)

        self.row = row

    def compile_for(self, select: Select[*tuple[Any, ...]]) -> CompiledQuery:
        return compile_for(select, self.engine.dialect)

    def close(self) -> None:
        self._reader.close()
        self.reading.dispose()
        self.engine.dispose()


@contextmanager
def timed(observe: Callable[[float], None]) -> Iterator[None]:
    started = perf_counter()
    try:
        yield
    finally:
        observe(perf_counter() - started)


ADVISORY_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:purpose, 0))")


def advisory_lock(db: Session, purpose: str) -> None:
    """Hold a lock until the end of the transaction, for code that counts rows before it inserts one.

    Another transaction that calls this with the same ``purpose`` waits. SQLite needs no lock, as it has one writer.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(ADVISORY_LOCK, {"purpose": purpose})


def abandon_at_fork(engine: Engine) -> None:
    engine_ref = weakref.ref(engine)

    def abandon() -> None:
        # Two processes must not share a connection, and the child must not close it.
        if (inherited := engine_ref()) is not None:
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=abandon)
