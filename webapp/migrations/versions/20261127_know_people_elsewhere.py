"""Add the identity provider's ID of users whose password it checks."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_elsewhere"
down_revision = "20261127_factors"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("known_elsewhere_as", sa.String(200), nullable=True))
        batch_op.create_unique_constraint("uq_user_known_elsewhere_as", ["known_elsewhere_as"])


def downgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_constraint("uq_user_known_elsewhere_as", type_="unique")
        batch_op.drop_column("known_elsewhere_as")
