"""Add OAuth clients, what users have allowed them, and authorization codes."""

import sqlalchemy as sa
from alembic import op

revision = "20261216_oauth"
down_revision = "20261215_route_uses"
branch_labels = None
depends_on = None


def references(table: str, column: str, target: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}", ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("is_first_party", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("service_account_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        references("oauth_client", "service_account_id", "user", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_client"),
        sa.UniqueConstraint("name", name="uq_oauth_client_name"),
    )
    op.create_table(
        "oauth_client_secret",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        references("oauth_client_secret", "client_id", "oauth_client"),
        sa.PrimaryKeyConstraint("digest", name="pk_oauth_client_secret"),
    )
    op.create_index("ix_oauth_client_secret_client_id", "oauth_client_secret", ["client_id"])
    op.create_table(
        "oauth_consent",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        references("oauth_consent", "user_id", "user"),
        references("oauth_consent", "client_id", "oauth_client"),
        sa.PrimaryKeyConstraint("user_id", "client_id", name="pk_oauth_consent"),
    )
    op.create_table(
        "oauth_code",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("code_challenge", sa.String(length=43), nullable=False),
        sa.Column("auth_time", sa.BigInteger(), nullable=False),
        sa.Column("amr", sa.String(length=50), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        references("oauth_code", "client_id", "oauth_client"),
        references("oauth_code", "user_id", "user"),
        sa.PrimaryKeyConstraint("digest", name="pk_oauth_code"),
    )
    for column in ("client_id", "user_id", "expires_at"):
        op.create_index(f"ix_oauth_code_{column}", "oauth_code", [column])
    with op.batch_alter_table("refresh_family") as batch_op:
        batch_op.add_column(sa.Column("client_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("app_name", sa.String(length=50), nullable=True))
        batch_op.create_foreign_key(
            "fk_refresh_family_client_id_oauth_client", "oauth_client", ["client_id"], ["id"], ondelete="CASCADE"
        )
        batch_op.create_index("ix_refresh_family_client_id", ["client_id"])


def downgrade() -> None:
    # Former versions would take what apps were given for logins of scripts.
    op.execute("DELETE FROM credential WHERE id IN (SELECT id FROM refresh_family WHERE client_id IS NOT NULL)")
    with op.batch_alter_table("refresh_family") as batch_op:
        batch_op.drop_index("ix_refresh_family_client_id")
        batch_op.drop_constraint("fk_refresh_family_client_id_oauth_client", type_="foreignkey")
        batch_op.drop_column("app_name")
        batch_op.drop_column("client_id")
    for table in ("oauth_code", "oauth_consent", "oauth_client_secret", "oauth_client"):
        op.drop_table(table)
