"""Add mail, roles and profiles."""

import sqlalchemy as sa
from alembic import op

revision = "20261123"
down_revision = "20261122"
branch_labels = None
depends_on = None

role = sa.table(
    "role", sa.column("name"), sa.column("description"), sa.column("includes", sa.JSON), sa.column("closure", sa.JSON)
)
ROLES = [
    {"name": "user", "description": "Everybody with an account.", "includes": [], "closure": ["user"]},
    {"name": "admin", "description": "Looks after people.", "includes": ["user"], "closure": ["user", "admin"]},
    {
        "name": "super_admin",
        "description": "Looks after those who look after people.",
        "includes": ["admin"],
        "closure": ["user", "admin", "super_admin"],
    },
]


def upgrade() -> None:
    op.create_table(
        "role",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("includes", sa.JSON(), nullable=False),
        sa.Column("closure", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_role"),
    )
    op.bulk_insert(role, ROLES)
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["user.id"], name="fk_invitation_created_by_user", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_invitation"),
        sa.UniqueConstraint("digest", name="uq_invitation_digest"),
    )
    op.create_index("ix_invitation_created_at", "invitation", ["created_at"])

    op.create_table(
        "outgoing_mail",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("to", sa.String(length=320), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("last_error", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_outgoing_mail_user_id_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_outgoing_mail"),
    )
    op.create_index("ix_outgoing_mail_created_at", "outgoing_mail", ["created_at"])
    op.create_index("ix_outgoing_mail_due_at", "outgoing_mail", ["due_at"])
    op.create_index("ix_outgoing_mail_user_id", "outgoing_mail", ["user_id"])

    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("address", sa.String(length=320), nullable=True))
        batch_op.add_column(sa.Column("facts", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("created_at", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.create_index("ix_link_user_id", ["user_id"])

    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.add_column(sa.Column("display_name", sa.String(length=100), nullable=True))
        batch_op.add_column(sa.Column("email_verified_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("password_changed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("last_login_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("closes_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("language", sa.String(length=10), server_default="en", nullable=False))
        batch_op.add_column(sa.Column("time_zone", sa.String(length=50), server_default="UTC", nullable=False))
        batch_op.add_column(sa.Column("theme", sa.String(length=10), server_default="auto", nullable=False))
        batch_op.create_index("ix_user_closes_at", ["closes_at"])
        batch_op.create_index("ix_user_last_login_at", ["last_login_at"])
    # So far only operators created accounts, and they vouched for the e-mail addresses.
    op.execute('UPDATE "user" SET email_verified_at = created_at WHERE email IS NOT NULL')


def downgrade() -> None:
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.drop_index("ix_user_last_login_at")
        batch_op.drop_index("ix_user_closes_at")
        batch_op.drop_column("theme")
        batch_op.drop_column("time_zone")
        batch_op.drop_column("language")
        batch_op.drop_column("closes_at")
        batch_op.drop_column("last_login_at")
        batch_op.drop_column("password_changed_at")
        batch_op.drop_column("email_verified_at")
        batch_op.drop_column("display_name")

    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.drop_index("ix_link_user_id")
        batch_op.drop_column("created_at")
        batch_op.drop_column("facts")
        batch_op.drop_column("address")

    op.drop_table("outgoing_mail")

    op.drop_table("invitation")
    op.drop_table("role")
