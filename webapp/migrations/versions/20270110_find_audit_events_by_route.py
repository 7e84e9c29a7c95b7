"""Find audit events by the route of their request: an index."""

import sqlalchemy as sa
from alembic import op

revision = "20270110_audit_routes"
down_revision = "20270109_mail_requests"
branch_labels = None
depends_on = None

INDEX = "ix_audit_event_route_at_seq"
ROUTE = "(details ->> 'route')"


def upgrade() -> None:
    few = sa.text(f"{ROUTE} IS NOT NULL")
    op.create_index(INDEX, "audit_event", [sa.text(ROUTE), "at", "seq"], sqlite_where=few, postgresql_where=few)


def downgrade() -> None:
    op.drop_index(INDEX, table_name="audit_event")
