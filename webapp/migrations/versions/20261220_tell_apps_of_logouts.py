"""Add the URL for logout tokens of clients, the logins to be ended there, and the logout tokens to be sent."""

import sqlalchemy as sa
from alembic import op

revision = "20261220_backchannel"
down_revision = "20261220_client_errors"
branch_labels = None
depends_on = None


def client_of(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_client_id_oauth_client"
    return sa.ForeignKeyConstraint(["client_id"], ["oauth_client.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("backchannel_logout_uri", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "oauth_app_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("sid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("family_id", sa.Uuid(), nullable=True),
        sa.Column("logged_in_at", sa.BigInteger(), nullable=False),
        client_of("oauth_app_session"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_app_session"),
        sa.UniqueConstraint("client_id", "sid", name="uq_oauth_app_session_client_id_sid"),
    )
    op.create_index("ix_oauth_app_session_sid", "oauth_app_session", ["sid"])
    op.create_index("ix_oauth_app_session_user_id", "oauth_app_session", ["user_id"])
    op.create_table(
        "oauth_logout_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sid", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        client_of("oauth_logout_notice"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_logout_notice"),
    )
    for column in ("client_id", "created_at", "due_at"):
        op.create_index(f"ix_oauth_logout_notice_{column}", "oauth_logout_notice", [column])


def downgrade() -> None:
    op.drop_table("oauth_logout_notice")
    op.drop_table("oauth_app_session")
    op.drop_column("oauth_client", "backchannel_logout_uri")
