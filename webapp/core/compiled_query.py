"""A statement that SQLAlchemy compiles once and the database driver then runs directly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select, UpdateBase, Uuid
from sqlalchemy.types import TypeDecorator, TypeEngine

Processor = Callable[[Any], Any] | None
Statement = Select[*tuple[Any, ...]] | UpdateBase


# Compared by identity, so that it can be part of the key of a cache.
@dataclass(frozen=True, slots=True, eq=False)
class CompiledQuery:
    sql: str
    is_positional: bool
    fixed: dict[str, Any]
    binders: tuple[tuple[str, Processor], ...]
    """Name and bind processor of each parameter, in positional order; PostgreSQL's driver takes them by name."""
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]
    """Index and result processor of the columns that the driver returns in another type."""

    def bind(self, **values: Any) -> tuple[Any, ...] | dict[str, Any]:
        """The parameters in the form of the driver. Raises ``KeyError`` if one is missing."""
        parameters = self.fixed | values if self.fixed else values
        if self.is_positional:
            return tuple([binder(parameters[name]) if binder else parameters[name] for name, binder in self.binders])
        return {name: binder(parameters[name]) if binder else parameters[name] for name, binder in self.binders}

    def convert(self, row: tuple[Any, ...]) -> list[Any]:
        """The driver's row in the types of the columns."""
        values = list(row)
        for place, from_driver in self.readers:
            values[place] = from_driver(values[place])
        return values


def compile_for(statement: Statement, dialect: Dialect, *, names: Sequence[str] | None = None) -> CompiledQuery:
    """Compile a statement once for a dialect, with the converters of its parameters and columns.

    Args:
        names: of the columns that an INSERT sets.
    """
    compiled = statement.compile(dialect=dialect, column_keys=names)
    order = tuple(compiled.positiontup or compiled.binds)
    return CompiledQuery(
        sql=str(compiled),
        is_positional=bool(compiled.positional),
        fixed={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        binders=tuple(
            (name, compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in order
        ),
        readers=tuple(
            (place, from_driver)
            for place, column in enumerate(statement.selected_columns if isinstance(statement, Select) else ())
            if (from_driver := reader(column.type, dialect)) is not None
        ),
    )


def reader(kind: TypeEngine[Any], dialect: Dialect) -> Processor:
    processor: Processor = kind.dialect_impl(dialect).result_processor(dialect, None)
    # The same few IDs and times are read repeatedly, and creating one takes longer than a cache lookup. The values are
    # immutable and can be shared.
    return lru_cache(4096)(processor) if processor is not None and isinstance(kind, Uuid | TypeDecorator) else processor
