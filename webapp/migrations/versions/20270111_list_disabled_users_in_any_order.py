"""List disabled users in any order: an index of them alone for each order, in place of one of all users."""

import sqlalchemy as sa
from alembic import op

revision = "20270111_disabled_users"
down_revision = "20270110_audit_routes"
branch_labels = None
depends_on = None

FORMER = "ix_user_disabled_at_username_key"
INDEXES = {
    "ix_user_disabled_username_key": ["username_key"],
    "ix_user_disabled_created_at_username_key": ["created_at", "username_key"],
    "ix_user_disabled_last_login_at_username_key": ["last_login_at", "username_key"],
}


def upgrade() -> None:
    disabled = sa.text("disabled_at IS NOT NULL")
    for name, columns in INDEXES.items():
        op.create_index(name, "user", columns, sqlite_where=disabled, postgresql_where=disabled)
    op.drop_index(FORMER, table_name="user")


def downgrade() -> None:
    op.create_index(FORMER, "user", ["disabled_at", "username_key"])
    for name in INDEXES:
        op.drop_index(name, table_name="user")
