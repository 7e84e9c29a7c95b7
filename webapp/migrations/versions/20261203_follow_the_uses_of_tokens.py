"""Add the uses of tokens: routes, clients and networks."""

import sqlalchemy as sa
from alembic import op

revision = "20261203_uses"
down_revision = "20261202_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("last_used_for", sa.String(length=200), nullable=True))
    op.add_column("credential", sa.Column("last_used_by", sa.String(length=40), nullable=True))
    op.create_table(
        "credential_resource_use",
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("resource", sa.String(length=200), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credential.id"],
            name="fk_credential_resource_use_credential_id_credential",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("credential_id", "day", "resource", name="pk_credential_resource_use"),
    )
    # Uses older than anything shown are deleted by day.
    op.create_index("ix_credential_resource_use_day", "credential_resource_use", ["day"])
    op.create_index("ix_credential_use_day", "credential_use", ["day"])
    op.create_table(
        "credential_network",
        sa.Column("credential_id", sa.Uuid(), nullable=False),
        sa.Column("network", sa.String(length=45), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"],
            ["credential.id"],
            name="fk_credential_network_credential_id_credential",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("credential_id", "network", name="pk_credential_network"),
    )


def downgrade() -> None:
    op.drop_table("credential_network")
    op.drop_index("ix_credential_use_day", "credential_use")
    op.drop_table("credential_resource_use")
    op.drop_column("credential", "last_used_by")
    op.drop_column("credential", "last_used_for")
