"""Name the claims of providers without OpenID Connect, and how this site authenticates there."""

import sqlalchemy as sa
from alembic import op

revision = "20261228_claim_names"
down_revision = "20261227_login_provider"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("login_provider", sa.Column("claim_names", sa.JSON(), server_default="{}", nullable=False))
    op.add_column(
        "login_provider", sa.Column("client_auth_method", sa.String(length=30), server_default="", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("login_provider", "client_auth_method")
    op.drop_column("login_provider", "claim_names")
