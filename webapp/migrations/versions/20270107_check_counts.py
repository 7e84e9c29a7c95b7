"""How often reverse proxies asked about requests, by hour, path, caller and outcome."""

import sqlalchemy as sa
from alembic import op

revision = "20270107_check_counts"
down_revision = "20270106_proxied_apps"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "check_count",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("app_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=41), nullable=False),
        sa.Column("path", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("rule_number", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["proxied_app.id"], name=op.f("fk_check_count_app_id_proxied_app"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_check_count_user_id_user"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_count")),
    )
    with op.batch_alter_table("check_count", schema=None) as batch_op:
        batch_op.create_index("ix_check_count_app_id_hour", ["app_id", "hour"], unique=False)
        batch_op.create_index(batch_op.f("ix_check_count_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("check_count", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_check_count_user_id"))
        batch_op.drop_index("ix_check_count_app_id_hour")

    op.drop_table("check_count")
