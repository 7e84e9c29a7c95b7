"""Apps behind a reverse proxy, their access rules, logins and grants."""

import sqlalchemy as sa
from alembic import op

revision = "20270106_proxied_apps"
down_revision = "20270105_nodes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proxied_apps_version",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxied_apps_version")),
    )
    op.create_table(
        "proxied_app",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("icon", sa.String(length=8), server_default="", nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("roles", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("people", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("is_declared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_proxied_app_owner_id_user"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxied_app")),
        sa.UniqueConstraint("slug", name=op.f("uq_proxied_app_slug")),
    )
    op.create_table(
        "access_grant",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_access_grant_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["user.id"], name=op.f("fk_access_grant_granted_by_user"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_access_grant_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "app_id", name=op.f("pk_access_grant")),
    )
    op.create_table(
        "access_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("methods", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("is_public", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("level", sa.String(length=10), server_default="", nullable=False),
        sa.Column("accepts_tokens", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("authorization", sa.String(length=10), server_default="bearer", nullable=False),
        sa.Column("accepts_dpop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("allows_preflight", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("sends_identity", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("networks", sa.JSON(), server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_access_rule_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_rule")),
    )
    with op.batch_alter_table("access_rule", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_rule_app_id"), ["app_id"], unique=False)

    op.create_table(
        "arrival_ticket",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("state", sa.String(length=43), nullable=False),
        sa.Column("sid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_arrival_ticket_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_arrival_ticket_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_arrival_ticket")),
    )
    with op.batch_alter_table("arrival_ticket", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_arrival_ticket_app_id"), ["app_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_arrival_ticket_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_arrival_ticket_sid"), ["sid"], unique=False)
        batch_op.create_index(batch_op.f("ix_arrival_ticket_user_id"), ["user_id"], unique=False)

    op.create_table(
        "proxied_host",
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_proxied_host_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("host", name=op.f("pk_proxied_host")),
    )
    with op.batch_alter_table("proxied_host", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proxied_host_app_id"), ["app_id"], unique=False)

    op.create_table(
        "proxied_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("sid", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(length=260), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_proxied_session_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_proxied_session_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proxied_session")),
        sa.UniqueConstraint("key", name=op.f("uq_proxied_session_key")),
        sa.UniqueConstraint("sid", "host", name=op.f("uq_proxied_session_sid_host")),
    )
    with op.batch_alter_table("proxied_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_proxied_session_app_id"), ["app_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_proxied_session_user_id"), ["user_id"], unique=False)

    # The only row, which each change of an app increments.
    op.execute("INSERT INTO proxied_apps_version (id, version) VALUES (1, 0)")


def downgrade() -> None:
    with op.batch_alter_table("proxied_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proxied_session_user_id"))
        batch_op.drop_index(batch_op.f("ix_proxied_session_app_id"))

    op.drop_table("proxied_session")
    with op.batch_alter_table("proxied_host", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_proxied_host_app_id"))

    op.drop_table("proxied_host")
    with op.batch_alter_table("arrival_ticket", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_arrival_ticket_user_id"))
        batch_op.drop_index(batch_op.f("ix_arrival_ticket_sid"))
        batch_op.drop_index(batch_op.f("ix_arrival_ticket_expires_at"))
        batch_op.drop_index(batch_op.f("ix_arrival_ticket_app_id"))

    op.drop_table("arrival_ticket")
    with op.batch_alter_table("access_rule", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_rule_app_id"))

    op.drop_table("access_rule")
    op.drop_table("access_grant")
    op.drop_table("proxied_app")
    op.drop_table("proxied_apps_version")
