"""Let apps know their users by identifiers of their own."""

import sqlalchemy as sa
from alembic import op

revision = "20261224_pairwise"
down_revision = "20261223_app_family"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "oauth_client"
    op.add_column(table, sa.Column("has_pairwise_subjects", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(table, sa.Column("subject_salt", sa.String(length=43), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("oauth_client", "subject_salt")
    op.drop_column("oauth_client", "has_pairwise_subjects")
