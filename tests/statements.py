"""statements(): what the database is asked meanwhile, by SQLAlchemy and directly by the driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session

from webapp.core.db import Database
from webapp.core.driver_statements import DriverStatement
from webapp.web.registry import services_of


@contextmanager
def statements(app: Flask) -> Iterator[list[tuple[str, Any]]]:
    """Each statement on SQLite with its parameters."""
    database, asked = services_of(app).get(Database), list[tuple[str, Any]]()
    row, execute = database.row, DriverStatement.execute

    def note(_connection: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        asked.append((sql, parameters))

    def noted_row(sql: str, parameters: Any = ()) -> tuple[Any, ...] | None:
        asked.append((sql, parameters))
        return row(sql, parameters)

    def noted_execute(statement: DriverStatement, db: Session, values: dict[str, Any]) -> Any:
        compiled = statement.compiled_for(database.engine.dialect)
        asked.append((compiled.sql, compiled.bind(**values)))
        return execute(statement, db, values)

    engines = database.engine, database.reading
    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "row", noted_row)
        patch.setattr(DriverStatement, "execute", noted_execute)
        yield asked
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)
