"""Keep signing keys and the generation of cookies, encrypted, and which secret keys the database belongs to.

The keys themselves are moved from the instance folder by the next start, which knows the secret key.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261230_keys"
down_revision = "20261229_provider_role"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stored_keys",
        sa.Column("name", sa.String(length=30), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stored_keys")),
    )
    op.create_table(
        "secret_key_mark",
        sa.Column("mark", sa.String(length=43), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_secret_key_mark")),
    )


def downgrade() -> None:
    op.drop_table("secret_key_mark")
    op.drop_table("stored_keys")
