"""Count wrong passwords in a row."""

import sqlalchemy as sa
from alembic import op

revision = "20261130"
down_revision = "20261129_refresh"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("failed_logins", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("user", "failed_logins")
