"""Add script logins and the digests of their refresh tokens."""

import sqlalchemy as sa
from alembic import op

revision = "20261129_refresh"
down_revision = "20261128"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.add_column(sa.Column("family_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            "fk_credential_family_id_credential", "credential", ["family_id"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_index("ix_credential_family_id", ["family_id"])
    op.create_table(
        "refresh_family",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("access_lifetime", sa.BigInteger(), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["credential.id"], name="fk_refresh_family_id_credential", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_refresh_family"),
    )
    op.create_table(
        "refresh_token",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=True),
        sa.Column("forgiven_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["refresh_family.id"], name="fk_refresh_token_family_id_refresh_family", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_refresh_token"),
        sa.UniqueConstraint("family_id", "generation", name="uq_refresh_token_family_id_generation"),
    )


def downgrade() -> None:
    op.drop_table("refresh_token")
    op.drop_table("refresh_family")
    # With their dependent rows, because no cascade works while SQLite copies a table.
    op.execute(
        "DELETE FROM credential_use WHERE credential_id IN (SELECT id FROM credential WHERE family_id IS NOT NULL)"
    )
    op.execute("DELETE FROM api_token WHERE id IN (SELECT id FROM credential WHERE family_id IS NOT NULL)")
    op.execute("DELETE FROM credential WHERE family_id IS NOT NULL")
    op.execute("DELETE FROM credential WHERE kind = 'refresh'")
    with op.batch_alter_table("credential", schema=None) as batch_op:
        batch_op.drop_index("ix_credential_family_id")
        batch_op.drop_constraint("fk_credential_family_id_credential", type_="foreignkey")
        batch_op.drop_column("family_id")
