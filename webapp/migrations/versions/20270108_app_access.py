"""Requests for access to apps, and guest links."""

import sqlalchemy as sa
from alembic import op

revision = "20270108_app_access"
down_revision = "20270107_check_counts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_access_request_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_access_request_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_request")),
        sa.UniqueConstraint("user_id", "app_id", name=op.f("uq_access_request_user_id_app_id")),
    )
    with op.batch_alter_table("access_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_request_app_id"), ["app_id"], unique=False)

    op.create_table(
        "guest_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("prefix", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=100), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("last_opened_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_guest_link_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_guest_link_created_by_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guest_link")),
        sa.UniqueConstraint("key", name=op.f("uq_guest_link_key")),
    )
    with op.batch_alter_table("guest_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_guest_link_app_id"), ["app_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_guest_link_created_by"), ["created_by"], unique=False)


def downgrade() -> None:
    op.drop_table("guest_link")
    op.drop_table("access_request")
