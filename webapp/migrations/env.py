"""Alembic's entry point: it is handed a connection by ``cli/schema.py``, and opens none of its own."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from webapp.core.db import Instant, Span
from webapp.migrations.all_models import metadata


def render_item(kind: str, item: object, _: object) -> Any:
    """Write our types as the column that they are in the database: a migration must not change when they do."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, (Instant, Span)) else False


connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
