"""The database: Base and column types, configured engines, read and write transactions."""

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Dialect,
    Engine,
    MetaData,
    Select,
    String,
    TypeDecorator,
    Uuid,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from webapp.core.compiled_query import CompiledQuery, compile_for
from webapp.core.raw_reader import Parameters, RawReader, Unavailable, is_outage

__all__ = [
    "Base",
    "CompiledQuery",
    "Database",
    "Instant",
    "Key",
    "Name",
    "Unavailable",
    "alone",
    "engine_for",
    "existing",
    "outages",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Milliseconds that a SQLite writer waits for another.
BUSY = 5000
# Parameters contain names, digests and e-mail addresses: errors and log lines must not repeat them.
COMMON: dict[str, Any] = {"pool_timeout": 10, "hide_parameters": True}


def to_microseconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return (instant - EPOCH) // MICROSECOND


@lru_cache(4096)  # the guard reads the same times repeatedly
def from_microseconds(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970, which both databases sort and both drivers read alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else from_microseconds(value)


class Span(TypeDecorator[timedelta]):
    """A timedelta, stored as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else timedelta(microseconds=value)


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
    # With connections of its own, because a change of ``query_only`` makes SQLite prepare all statements anew, and
    # that takes longer than most of them.
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
        self.row = self._reader.row
        """Runs one SELECT directly with the driver and returns its first row, unconverted; see ``CompiledQuery``."""
        for engine in (self.engine, self.reading):
            abandon_at_fork(engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction."""
        with outages(), Session(self.reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A write transaction: committed at the end, rolled back by an exception.

        SQLite has one writer at a time. On PostgreSQL others write meanwhile: read what the write depends on
        ``with_for_update()``, or state it as a condition of the UPDATE.
        """
        with outages(writing=True), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def compile_for(self, select: Select[*tuple[Any, ...]]) -> CompiledQuery:
        return compile_for(select, self.engine.dialect)

    def close(self) -> None:
        self._reader.close()
        self.reading.dispose()
        self.engine.dispose()


ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:purpose, 0))")


def alone(db: Session, purpose: str) -> None:
    """Hold a lock until the end of the transaction, for code that counts rows before it inserts one.

    Another transaction that calls this with the same ``purpose`` waits. SQLite needs no lock, as it has one writer.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(ALONE, {"purpose": purpose})


def abandon_at_fork(engine: Engine) -> None:
    known = weakref.ref(engine)

    def abandon() -> None:
        # Two processes must not share a connection, and the child must not close it.
        if (mine := known()) is not None:
            mine.dispose(close=False)

    os.register_at_fork(after_in_child=abandon)
