"""Add the rotation of tokens, and which mails their owners got."""

import sqlalchemy as sa
from alembic import op

revision = "20261204_rotation"
down_revision = "20261203_uses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rotated_from", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("rotated_at", sa.BigInteger(), nullable=True))
        batch_op.create_foreign_key(
            "fk_api_token_rotated_from_api_token", "api_token", ["rotated_from"], ["id"], ondelete="SET NULL"
        )
        batch_op.create_unique_constraint("uq_api_token_rotated_from", ["rotated_from"])
    op.create_table(
        "token_notice",
        sa.Column("token_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_id"], ["api_token.id"], name="fk_token_notice_token_id_api_token", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_id", "kind", name="pk_token_notice"),
    )


def downgrade() -> None:
    op.drop_table("token_notice")
    with op.batch_alter_table("api_token", schema=None) as batch_op:
        batch_op.drop_constraint("uq_api_token_rotated_from", type_="unique")
        batch_op.drop_constraint("fk_api_token_rotated_from_api_token", type_="foreignkey")
        batch_op.drop_column("rotated_at")
        batch_op.drop_column("rotated_from")
