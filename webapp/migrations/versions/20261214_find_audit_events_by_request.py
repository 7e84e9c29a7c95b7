"""Find audit events by the ID of their request: an index."""

from alembic import op

revision = "20261214_audit_request"
down_revision = "20261214_hash_costs"
branch_labels = None
depends_on = None

INDEX = "ix_audit_event_request_id_at_seq"


def upgrade() -> None:
    op.create_index(INDEX, "audit_event", ["request_id", "at", "seq"])


def downgrade() -> None:
    op.drop_index(INDEX, table_name="audit_event")
