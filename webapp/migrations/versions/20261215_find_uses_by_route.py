"""Find the uses of a route, by day: an index."""

from alembic import op

revision = "20261215_route_uses"
down_revision = "20261215_repeats"
branch_labels = None
depends_on = None

INDEX = "ix_credential_resource_use_resource_day"


def upgrade() -> None:
    op.create_index(INDEX, "credential_resource_use", ["resource", "day"])


def downgrade() -> None:
    op.drop_index(INDEX, table_name="credential_resource_use")
