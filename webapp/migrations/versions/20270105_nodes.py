"""Note which servers share the database."""

import sqlalchemy as sa
from alembic import op

revision = "20270105_nodes"
down_revision = "20270102_issuers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "node",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("bind", sa.String(length=100), nullable=False),
        sa.Column("version", sa.String(length=50), nullable=False),
        sa.Column("clock_difference", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", "bind", name=op.f("pk_node")),
    )
    op.create_index(op.f("ix_node_seen_at"), "node", ["seen_at"])


def downgrade() -> None:
    op.drop_table("node")
