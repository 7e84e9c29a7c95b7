"""Add to mails when the link that they are for ends."""

import sqlalchemy as sa
from alembic import op

revision = "20261213_mail_links"
down_revision = "20261213_base_url"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outgoing_mail", sa.Column("link_ends_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("outgoing_mail") as batch_op:
        batch_op.drop_column("link_ends_at")
