"""Add the networks that users have logged in from, and the time of an unlock by an admin."""

import sqlalchemy as sa
from alembic import op

revision = "20261207_networks"
down_revision = "20261206_few"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_network",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.String(50), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "network", name="pk_known_network"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_known_network_user_id_user", ondelete="CASCADE"),
    )
    op.add_column("user", sa.Column("unlocked_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "unlocked_at")
    op.drop_table("known_network")
