"""Alembic's entry point; ``cli/schema.py`` passes the connection."""

from typing import Any

from alembic import context
from sqlalchemy import Connection

from webapp.core.db import Instant, Span
from webapp.migrations.all_models import metadata


def render_item(kind: str, item: object, _: object) -> Any:
    """Write our column types as plain SQLAlchemy types, so that migrations do not depend on them."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, (Instant, Span)) else False


connection: Connection = context.config.attributes["connection"]
# Of a plug-in, whose tables are compared with its own models only.
plugin: dict[str, Any] = context.config.attributes.get("plugin", {})
own = plugin.get("target_metadata")
if own is not None:
    plugin["include_name"] = lambda name, kind, _: kind != "table" or name in own.tables
context.configure(
    connection=connection,
    **{"target_metadata": metadata} | plugin,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
