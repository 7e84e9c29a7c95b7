"""Let apps push their authorization requests, and demand it of some."""

import sqlalchemy as sa
from alembic import op

revision = "20261218_pushed"
down_revision = "20261217_end_session"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oauth_pushed_request",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["oauth_client.id"],
            name="fk_oauth_pushed_request_client_id_oauth_client",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("digest", name="pk_oauth_pushed_request"),
    )
    for column in ("client_id", "expires_at"):
        op.create_index(f"ix_oauth_pushed_request_{column}", "oauth_pushed_request", [column])
    op.add_column(
        "oauth_client",
        sa.Column("require_pushed_authorization_requests", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("require_pushed_authorization_requests")
    op.drop_table("oauth_pushed_request")
