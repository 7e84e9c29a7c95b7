"""Keep the digests of former session secrets: a remembered session gets a new one when its browser comes back."""

import sqlalchemy as sa
from alembic import op

revision = "20261214_former_secrets"
down_revision = "20261213_mail_links"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "former_session_secret",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.Column("next_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["credential.id"],
            name=op.f("fk_former_session_secret_session_id_credential"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_former_session_secret")),
    )
    op.create_index(op.f("ix_former_session_secret_session_id"), "former_session_secret", ["session_id"])


def downgrade() -> None:
    op.drop_table("former_session_secret")
