"""RowQuery, RowChange, EntityInsert: statements that are compiled once and run by the driver, in a transaction.

With the ORM each takes three to ten times as long. They are for requests that apps and scripts send all day.
"""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar, TypeVarTuple, cast

from sqlalchemy import Connection, Dialect, Select, Update, insert, inspect
from sqlalchemy.orm import DeclarativeBase, Session

from webapp.core.compiled_query import CompiledQuery, Statement, compile_for
from webapp.core.db import Database, run

E = TypeVar("E", bound=DeclarativeBase)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")
CONNECTION = "connection"
"""Key in ``Session.info``: a transaction with its connection, because finding it takes longer than many a statement."""


def read_only(entity: type[E], values: dict[str, Any]) -> E:
    """An entity with these values that belongs to no session. Setting an attribute raises ``AttributeError``."""
    row = object.__new__(entity)
    vars(row).update(values)
    return row


def connection_of(db: Session) -> Connection:
    transaction = db.get_nested_transaction() or db.get_transaction()
    cached_transaction, connection = db.info.get(CONNECTION, (None, None))
    if transaction is None or cached_transaction is not transaction:
        # This begins the transaction, or the savepoint.
        connection = db.connection()
        db.info[CONNECTION] = db.get_nested_transaction() or db.get_transaction(), connection
    return cast(Connection, connection)


class DriverStatement:
    """A statement that is compiled at its first use with a kind of database.

    Args:
        names: of the columns that an INSERT sets.
    """

    def __init__(self, statement: Statement, names: Sequence[str] | None = None) -> None:
        self._statement, self._names = statement, names
        self._compiled: dict[str, CompiledQuery] = {}

    def compiled_for(self, dialect: Dialect) -> CompiledQuery:
        if (found := self._compiled.get(dialect.name)) is None:
            found = self._compiled[dialect.name] = compile_for(self._statement, dialect, names=self._names)
        return found

    def execute(self, db: Session, values: dict[str, Any]) -> Any:
        """As ``db.run``."""
        # As the ORM does before its queries.
        db.flush()
        connection = connection_of(db)
        compiled = self.compiled_for(connection.dialect)
        return run(connection, compiled.sql, compiled.bind(**values))


class RowChange(DriverStatement):
    """An UPDATE."""

    def __init__(self, statement: Update) -> None:
        super().__init__(statement)

    def run(self, db: Session, **values: Any) -> int:
        """Returns how many rows were changed."""
        changed: int = self.execute(db, values).rowcount
        return changed


class EntityInsert(DriverStatement, Generic[E]):
    """An INSERT of one entity. Columns without a value are NULL."""

    def __init__(self, entity: type[E]) -> None:
        self._entity, self._empty = entity, dict.fromkeys(inspect(entity).columns.keys())
        super().__init__(insert(entity), list(self._empty))

    def into(self, db: Session, **values: Any) -> E:
        """Insert a row. Returns it ``read_only``."""
        row = self._empty | values
        self.execute(db, row)
        return read_only(self._entity, row)


class RowQuery(DriverStatement, Generic[*Ts]):
    """A SELECT that names no column twice. Its entities are ``read_only``."""

    def __init__(self, statement: Select[*Ts]) -> None:
        super().__init__(statement)
        selected = [described["expr"] for described in statement.column_descriptions]
        # Entities with the names of their columns, and None for a single column.
        self._parts: list[tuple[type[DeclarativeBase], list[str]] | None] = [
            (one, inspect(one).columns.keys()) if isinstance(one, type) else None for one in selected
        ]

    def all(self, db: Session, **values: Any) -> list[tuple[*Ts]]:
        rows = self.execute(db, values).fetchall()
        compiled = self.compiled_for(connection_of(db).dialect)
        return [self._row(compiled.convert(row)) for row in rows]

    def first(self, db: Session, **values: Any) -> tuple[*Ts] | None:
        rows = self.all(db, **values)
        return rows[0] if rows else None

    def scalar(self: "RowQuery[T]", db: Session, **values: Any) -> T | None:
        """The first column or entity of the first row."""
        found = self.first(db, **values)
        return found[0] if found else None

    def look_up(self, database: Database, **values: Any) -> tuple[*Ts] | None:
        """As ``first``, outside a transaction."""
        compiled = self.compiled_for(database.engine.dialect)
        row = database.row(compiled.sql, compiled.bind(**values))
        return self._row(compiled.convert(row)) if row is not None else None

    def _row(self, values: list[Any]) -> tuple[*Ts]:
        remaining = iter(values)
        found = [
            next(remaining) if part is None else read_only(part[0], dict(zip(part[1], remaining, strict=False)))
            for part in self._parts
        ]
        return cast("tuple[*Ts]", tuple(found))
