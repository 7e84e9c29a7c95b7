"""Keep the ID token of a first login until its user has decided, for the logout at the provider."""

import sqlalchemy as sa
from alembic import op

revision = "20270101_first_logins"
down_revision = "20261231_unlinked"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("waiting_identity", sa.Column("id_token", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("waiting_identity") as batch_op:
        batch_op.drop_column("id_token")
