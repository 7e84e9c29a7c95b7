"""Let apps publish their public keys."""

import sqlalchemy as sa
from alembic import op

revision = "20261222_jwks_uri"
down_revision = "20261222_registration"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("jwks_uri", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("jwks_uri")
