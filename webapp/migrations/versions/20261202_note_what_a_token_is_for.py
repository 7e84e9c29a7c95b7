"""Add a note to tokens, and the reason why one never expires."""

import sqlalchemy as sa
from alembic import op

revision = "20261202_notes"
down_revision = "20261201_kept_forms"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=200), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_column("reason")
        batch_op.drop_column("note")
