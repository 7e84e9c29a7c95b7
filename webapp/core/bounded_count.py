"""BoundedCount: a number of rows that costs the same however many there are."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from babel.numbers import format_decimal
from sqlalchemy import ScalarSelect, Select, func, select, text
from sqlalchemy.orm import Session

from webapp.core.translation import _, current_locale

EXACT_UP_TO = 1_000
"""Counting stops at so many rows."""
EXACT_TABLE = 10_000
"""A table of fewer rows is counted."""
ESTIMATE = text("SELECT CAST(reltuples AS bigint) FROM pg_class WHERE oid = to_regclass(:name)")


class Precision(StrEnum):
    EXACT = "exact"
    AT_LEAST = "at_least"
    """Counting has stopped; there may be more."""
    ABOUT = "about"
    """An estimate from the statistics of the database."""


@dataclass(frozen=True, slots=True)
class BoundedCount:
    number: int
    precision: Precision = Precision.EXACT

    @property
    def words(self) -> str:
        """For pages: the number, or that there are at least, or about, as many."""
        if self.precision is Precision.EXACT:
            return str(self.number)
        number = format_decimal(rounded(self.number), locale=current_locale())
        about = self.precision is Precision.ABOUT
        return _("about %(number)s", number=number) if about else _("at least %(number)s", number=number)


def rounded(number: int) -> int:
    """Down to two digits: 10,437 is 10,000."""
    unit: int = 10 ** max(0, len(str(number)) - 2)
    return number // unit * unit


def first_rows(query: Select[Any]) -> Any:
    """The rows of a query that are counted, as a subquery."""
    return query.limit(EXACT_UP_TO).subquery()


def number_of(query: Select[Any]) -> ScalarSelect[int]:
    """The number of rows of a query, at most ``EXACT_UP_TO``."""
    return select(func.count()).select_from(first_rows(query)).scalar_subquery()


def bounded(number: int | None) -> BoundedCount:
    """The count for a result of ``number_of``."""
    return BoundedCount(number or 0, Precision.EXACT if (number or 0) < EXACT_UP_TO else Precision.AT_LEAST)


def distinct_values(db: Session, query: Select[Any]) -> BoundedCount:
    """Number of different values in the only column of a query.

    Returns:
        At least so many, if the query has more than ``EXACT_UP_TO`` rows.
    """
    rows = first_rows(query)
    number, rows_read = db.execute(select(func.count(rows.c[0].distinct()), func.count())).one()
    return BoundedCount(number, Precision.EXACT if rows_read < EXACT_UP_TO else Precision.AT_LEAST)


def rows_of(db: Session, column: Any) -> BoundedCount:
    """Number of rows of a table: exact if it has fewer than ``EXACT_TABLE``, and on SQLite, which has no statistics.

    Args:
        column: one that is never empty, and has an index.
    """
    some = select(column).order_by(column).limit(EXACT_TABLE).subquery()
    if (counted := db.scalar(select(func.count()).select_from(some)) or 0) < EXACT_TABLE:
        return BoundedCount(counted)
    name = column.class_.__table__.name
    if db.get_bind().dialect.name == "postgresql" and (estimate := db.scalar(ESTIMATE, {"name": f'"{name}"'}) or 0) > 0:
        return BoundedCount(max(estimate, EXACT_TABLE), Precision.ABOUT)
    return BoundedCount(db.scalar(select(func.count(column))) or 0)
