"""The database: Base and column types, engines opened as they must be, transactions that read or write."""

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
from webapp.core.raw_reader import RawReader, Unavailable, is_outage

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
# Milliseconds that one who writes waits for another, on SQLite.
BUSY = 5000
# Parameters are names, digests and addresses: no error and no log line repeats them.
COMMON: dict[str, Any] = {"pool_timeout": 10, "hide_parameters": True}


def to_microseconds(instant: datetime) -> int:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return (instant - EPOCH) // MICROSECOND


@lru_cache(4096)  # the same moments are asked for again and again, by the guard above all
def from_microseconds(count: int) -> datetime:
    return EPOCH + timedelta(microseconds=count)


class Instant(TypeDecorator[datetime]):
    """An aware moment, stored as microseconds since 1970: a number that both databases sort and drivers read alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else from_microseconds(value)


class Span(TypeDecorator[timedelta]):
    """A length of time, stored as microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else value // MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else timedelta(microseconds=value)


Key = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=uuid4)]
Name = Annotated[str, mapped_column(String(50))]


class Base(DeclarativeBase):
    # Named, so that a migration can drop on both databases what another has made.
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


def engine_for(url: str) -> Engine:
    if not url.startswith("sqlite:"):
        return create_engine(url, **COMMON, pool_pre_ping=True, connect_args={"connect_timeout": 5})
    engine = create_engine(url, **COMMON)
    event.listen(engine, "connect", prepare_sqlite)
    event.listen(engine, "begin", begin_sqlite)
    return engine


def existing(url: str) -> str:
    """The same database, if it is there: SQLite would put an empty file in the place of one that is gone."""
    parts = make_url(url)
    if parts.get_backend_name() != "sqlite" or not parts.database or parts.database.startswith("file:"):
        return url
    file = Path(parts.database).absolute().as_uri()
    return parts.set(database=file, query={"mode": "rw", "uri": "true"}).render_as_string(hide_password=False)


def prepare_sqlite(connection: Any, _record: object) -> None:
    # We say BEGIN ourselves: the driver would not before a SELECT, nor before a savepoint.
    connection.isolation_level = None
    # FULL: a revocation that was acknowledged must survive a power cut. The timeout first: WAL needs the lock.
    for pragma in (f"busy_timeout={BUSY}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later would lose the other's update, or fail at once: it must be alone
    # from its beginning. One that only reads never waits.
    reads = bool(connection.get_execution_options().get("ro"))
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA query_only={reads:d}")
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def outages(*, writing: bool = False) -> Iterator[None]:
    """Say ``Unavailable`` where SQLAlchemy says in many ways that the database does not answer."""
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
        self._reading = self.engine.execution_options(ro=True, postgresql_readonly=True)
        self._reader = RawReader(self.engine)
        self.row = self._reader.row
        """The first row of one SELECT, at the driver's speed and in its types; see ``CompiledQuery``."""
        abandon_at_fork(self.engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One view of the data, of which nothing is ever written."""
        with outages(), Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """All of it or nothing: committed at the end, taken back by an exception.

        SQLite lets one in at a time. On PostgreSQL others write meanwhile: what the writing depends on is read
        ``with_for_update()``, or the UPDATE states it as its condition.
        """
        with outages(writing=True), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def compile_for(self, select: Select[*tuple[Any, ...]]) -> CompiledQuery:
        return compile_for(select, self.engine.dialect)

    def close(self) -> None:
        self._reader.close()
        self.engine.dispose()


ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:purpose, 0))")


def alone(db: Session, purpose: str) -> None:
    """Whoever asks for the same purpose waits until this transaction is over: for what is counted before it is written.

    On SQLite there is nothing to ask for: whoever may write is alone.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(ALONE, {"purpose": purpose})


def abandon_at_fork(engine: Engine) -> None:
    known = weakref.ref(engine)

    def abandon() -> None:
        # A connection may not be shared by two processes, nor closed by the second.
        if (mine := known()) is not None:
            mine.dispose(close=False)

    os.register_at_fork(after_in_child=abandon)
