"""Keep the last errors of logins with providers."""

import sqlalchemy as sa
from alembic import op

revision = "20261228_provider_error"
down_revision = "20261228_claim_names"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "provider_error",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.String(length=250), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["login_provider.id"],
            name=op.f("fk_provider_error_provider_id_login_provider"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider_id", "kind", name=op.f("pk_provider_error")),
    )


def downgrade() -> None:
    op.drop_table("provider_error")
