"""Note who rotated a token, and whether it repeated that: only a token that rotated itself gets its successor again."""

import sqlalchemy as sa
from alembic import op

revision = "20261215_repeats"
down_revision = "20261214_audit_request"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_token", sa.Column("rotated_by", sa.String(10), nullable=True))
    op.add_column("api_token", sa.Column("repeated_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("api_token", "repeated_at")
    op.drop_column("api_token", "rotated_by")
