"""Add initial access tokens, with which apps register themselves."""

import sqlalchemy as sa
from alembic import op

revision = "20261222_registration"
down_revision = "20261222_policies"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "oauth_client", sa.Column("is_self_registered", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_table(
        "oauth_registration_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("uses_left", sa.Integer(), nullable=False),
        sa.Column("allows_logout_uri", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_registration_token"),
        sa.UniqueConstraint("digest", name="uq_oauth_registration_token_digest"),
    )
    op.create_index("ix_oauth_registration_token_expires_at", "oauth_registration_token", ["expires_at"])


def downgrade() -> None:
    op.drop_table("oauth_registration_token")
    op.drop_column("oauth_client", "is_self_registered")
