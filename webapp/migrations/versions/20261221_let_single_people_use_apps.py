"""Let single people use an app beside those with its roles."""

import sqlalchemy as sa
from alembic import op

revision = "20261221_people"
down_revision = "20261220_backchannel"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("people", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("people")
