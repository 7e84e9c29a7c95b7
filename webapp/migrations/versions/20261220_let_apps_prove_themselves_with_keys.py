"""Let apps prove themselves with a private key."""

import sqlalchemy as sa
from alembic import op

revision = "20261220_jwks"
down_revision = "20261219_device_codes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("jwks", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("jwks")
