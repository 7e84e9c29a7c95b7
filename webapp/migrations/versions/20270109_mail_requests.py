"""Requests that are answered by mail, until they have been carried out."""

import sqlalchemy as sa
from alembic import op

revision = "20270109_mail_requests"
down_revision = "20270108_app_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_request")),
    )
    with op.batch_alter_table("mail_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_request_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_request_due_at"), ["due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("mail_request")
