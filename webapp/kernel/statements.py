"""A SELECT compiled once by SQLAlchemy, to be run by the driver alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, Select
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
    readers: tuple[Processor, ...]

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
        return tuple(read(value) if read else value for read, value in zip(self.readers, row, strict=True))


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
        readers=tuple(reader(column.type, dialect) for column in select.selected_columns),
    )


def reader(kind: TypeEngine[Any], dialect: Dialect) -> Processor:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
