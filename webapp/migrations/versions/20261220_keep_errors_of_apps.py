"""Keep the last errors of apps."""

import sqlalchemy as sa
from alembic import op

revision = "20261220_client_errors"
down_revision = "20261220_jwks"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oauth_client_error",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=250), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.id"],
            name="fk_oauth_client_error_client_id_oauth_client",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("client_id", "kind", name="pk_oauth_client_error"),
    )


def downgrade() -> None:
    op.drop_table("oauth_client_error")
