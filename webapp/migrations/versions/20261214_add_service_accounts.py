"""Add service accounts: users without a way to log in, owned by a person or a role."""

import sqlalchemy as sa
from alembic import op

revision = "20261214_services"
down_revision = "20261214_former_secrets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("is_service", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "service_account",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("owner_role", sa.String(length=20), nullable=True),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_service_account_user_id_user", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name="fk_service_account_owner_id_user", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["owner_role"], ["role.name"], name="fk_service_account_owner_role_role"),
        sa.PrimaryKeyConstraint("user_id", name="pk_service_account"),
    )
    op.create_index("ix_service_account_owner_id", "service_account", ["owner_id"])
    op.create_index("ix_service_account_owner_role", "service_account", ["owner_role"])


def downgrade() -> None:
    # Former versions know no users who must not get a way to log in. They stay, disabled and without tokens.
    op.execute("DELETE FROM credential WHERE user_id IN (SELECT user_id FROM service_account)")
    op.execute('UPDATE "user" SET disabled_at = created_at WHERE is_service AND disabled_at IS NULL')
    op.drop_table("service_account")
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("is_service")
