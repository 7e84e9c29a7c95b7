"""Note who runs an app."""

import sqlalchemy as sa
from alembic import op

revision = "20261226_operator"
down_revision = "20261225_removed_apps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("operator", sa.String(length=100), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("oauth_client", "operator")
