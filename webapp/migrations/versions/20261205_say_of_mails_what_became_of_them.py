"""Let users switch off informational mails, and distinguish sent mails from those written to the log."""

import sqlalchemy as sa
from alembic import op

revision = "20261205_mails"
down_revision = "20261204_rotation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("unwanted_mails", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("outgoing_mail", sa.Column("is_logged", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.drop_column("outgoing_mail", "is_logged")
    op.drop_column("user", "unwanted_mails")
