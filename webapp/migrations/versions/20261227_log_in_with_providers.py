"""Log in with providers."""

import sqlalchemy as sa
from alembic import op

revision = "20261227_login_provider"
down_revision = "20261226_operator"
branch_labels = None
depends_on = None
FK = "fk_%s_provider_id_login_provider"


def upgrade() -> None:
    op.create_table(
        "login_provider",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("preset", sa.String(length=30), server_default="", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("client_id", sa.String(length=300), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("endpoints", sa.JSON(), server_default="{}", nullable=False),
        sa.Column("email_domains", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("account_policy", sa.String(length=10), server_default="closed", nullable=False),
        sa.Column("account_domains", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("role_rules", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("grantable_roles", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("trusted_acr", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("trusted_amr", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("logs_out", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_declared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_provider")),
        sa.UniqueConstraint("slug", name=op.f("uq_login_provider_slug")),
    )
    op.create_table(
        "waiting_identity",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("identity", sa.JSON(), nullable=False),
        sa.Column("next", sa.Text(), server_default="", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["login_provider.id"], name=op.f(FK % "waiting_identity"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_waiting_identity")),
    )
    with op.batch_alter_table("waiting_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_waiting_identity_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_waiting_identity_provider_id"), ["provider_id"], unique=False)

    op.create_table(
        "linked_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("shown_as", sa.String(length=320), nullable=False),
        sa.Column("given_role", sa.String(length=20), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_login_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["login_provider.id"], name=op.f(FK % "linked_identity"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_linked_identity_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linked_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_linked_identity_issuer_subject")),
    )
    with op.batch_alter_table("linked_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_linked_identity_provider_id"), ["provider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_linked_identity_user_id"), ["user_id"], unique=False)

    op.create_table(
        "provider_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("provider_sid", sa.String(length=255), server_default="", nullable=False),
        sa.Column("id_token", sa.LargeBinary(), nullable=True),
        sa.Column("sid", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["login_provider.id"], name=op.f(FK % "provider_session"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_provider_session_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_session")),
    )
    with op.batch_alter_table("provider_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_provider_session_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_provider_session_provider_id"), ["provider_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_provider_session_provider_sid"), ["provider_sid"], unique=False)
        batch_op.create_index(batch_op.f("ix_provider_session_sid"), ["sid"], unique=False)
        batch_op.create_index(batch_op.f("ix_provider_session_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("provider_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_provider_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_provider_session_sid"))
        batch_op.drop_index(batch_op.f("ix_provider_session_provider_sid"))
        batch_op.drop_index(batch_op.f("ix_provider_session_provider_id"))
        batch_op.drop_index(batch_op.f("ix_provider_session_created_at"))

    op.drop_table("provider_session")
    with op.batch_alter_table("linked_identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_linked_identity_user_id"))
        batch_op.drop_index(batch_op.f("ix_linked_identity_provider_id"))

    op.drop_table("linked_identity")
    with op.batch_alter_table("waiting_identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_waiting_identity_provider_id"))
        batch_op.drop_index(batch_op.f("ix_waiting_identity_expires_at"))

    op.drop_table("waiting_identity")
    op.drop_table("login_provider")
