"""Add the IDs of revoked exchanged tokens, kept until they expire."""

import sqlalchemy as sa
from alembic import op

revision = "20261209_exchanged"
down_revision = "20261208_skeletons"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revoked_exchanged_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revoked_exchanged_token"),
    )
    op.create_index("ix_revoked_exchanged_token_expires_at", "revoked_exchanged_token", ["expires_at"])


def downgrade() -> None:
    op.drop_table("revoked_exchanged_token")
