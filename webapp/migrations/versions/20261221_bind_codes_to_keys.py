"""Bind authorization codes to the keys of apps."""

import sqlalchemy as sa
from alembic import op

revision = "20261221_dpop_jkt"
down_revision = "20261221_signatures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_code", sa.Column("dpop_jkt", sa.String(length=43), nullable=True))


def downgrade() -> None:
    # A former version would accept them without a proof.
    op.execute("DELETE FROM oauth_code WHERE dpop_jkt IS NOT NULL")
    with op.batch_alter_table("oauth_code") as batch_op:
        batch_op.drop_column("dpop_jkt")
