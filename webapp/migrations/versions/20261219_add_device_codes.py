"""Add device codes (RFC 8628), and which clients may use them."""

import sqlalchemy as sa
from alembic import op

revision = "20261219_device_codes"
down_revision = "20261219_resources"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("is_for_devices", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "oauth_device_code",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("user_code", sa.String(length=43), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.BigInteger(), nullable=False),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("allowed_at", sa.BigInteger(), nullable=True),
        sa.Column("denied_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.id"], name="fk_oauth_device_code_client_id_oauth_client", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_oauth_device_code_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_oauth_device_code"),
        sa.UniqueConstraint("user_code", name="uq_oauth_device_code_user_code"),
    )
    for column in ("client_id", "user_id", "expires_at"):
        op.create_index(f"ix_oauth_device_code_{column}", "oauth_device_code", [column])


def downgrade() -> None:
    op.drop_table("oauth_device_code")
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("is_for_devices")
