"""A SELECT compiled once by SQLAlchemy, to be run by the driver alone."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Select, Uuid
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    order: tuple[str, ...]
    """The names of the parameters, in the order of their places; PostgreSQL's driver goes by the names."""
    is_positional: bool
    fixed: dict[str, Any]
    binders: tuple[Processor, ...]
    readers: tuple[tuple[int, Callable[[Any], Any]], ...]
    """Which columns the driver gives in another type than we want them, by their places."""

    def bind(self, **values: Any) -> tuple[Any, ...] | dict[str, Any]:
        """The parameters as the driver wants them. ``KeyError`` where one is missing."""
        known = self.fixed | values
        bound = [
            binder(known[name]) if binder else known[name]
            for name, binder in zip(self.order, self.binders, strict=True)
        ]
        return tuple(bound) if self.is_positional else dict(zip(self.order, bound, strict=True))

    def convert(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        """The driver's row in the types of the columns."""
        values = list(row)
        for place, read in self.readers:
            if values[place] is not None:
                values[place] = read(values[place])
        return tuple(values)


def compile_for(select: Select[*tuple[Any, ...]], dialect: Dialect) -> Statement:
    compiled = select.compile(dialect=dialect)
    order = tuple(compiled.positiontup or compiled.binds)
    kinds = [compiled.binds[name].type.dialect_impl(dialect) for name in order]
    return Statement(
        sql=str(compiled),
        order=order,
        is_positional=bool(compiled.positional),
        fixed={name: bind.value for name, bind in compiled.binds.items() if not bind.required},
        binders=tuple(kind.bind_processor(dialect) for kind in kinds),
        readers=tuple(
            (place, read)
            for place, column in enumerate(select.selected_columns)
            if (read := reader(column.type, dialect)) is not None
        ),
    )


def reader(kind: TypeEngine[Any], dialect: Dialect) -> Processor:
    read: Processor = kind.dialect_impl(dialect).result_processor(dialect, None)
    # The same few ids come again and again, and making a UUID of a text takes longer than finding it.
    return lru_cache(4096)(read) if read is not None and isinstance(kind, Uuid) else read
