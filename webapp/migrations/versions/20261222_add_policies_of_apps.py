"""Let apps have policies of their own: level of the login, lifetimes, roles that they learn."""

import sqlalchemy as sa
from alembic import op

revision = "20261222_policies"
down_revision = "20261221_dpop_jkt"
branch_labels = None
depends_on = None


def upgrade() -> None:
    table = "oauth_client"
    op.add_column(table, sa.Column("demanded_level", sa.String(length=10), server_default="", nullable=False))
    op.add_column(table, sa.Column("access_lifetime", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("login_lifetime", sa.BigInteger(), nullable=True))
    op.add_column(table, sa.Column("hides_groups", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column(table, sa.Column("group_roles", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        for name in ("group_roles", "hides_groups", "login_lifetime", "access_lifetime", "demanded_level"):
            batch_op.drop_column(name)
