"""Add indexes for the searches of users, and a foreign key from users to roles."""

from alembic import op

revision = "20261125"
down_revision = "20261124"
branch_labels = None
depends_on = None

KEYS = {"username_key": 200, "email_key": 400}
OF_USERS = ("role", "disabled_at", "last_login_at", "created_at")


def upgrade() -> None:
    collate('COLLATE "C"')
    with op.batch_alter_table("user", schema=None) as batch_op:
        batch_op.create_foreign_key("fk_user_role_role", "role", ["role"], ["name"])
        batch_op.drop_index("ix_user_last_login_at")
        for name in OF_USERS:
            batch_op.create_index(f"ix_user_{name}_username_key", [name, "username_key"])
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_foreign_key("fk_invitation_role_role", "role", ["role"], ["name"])
        batch_op.create_index("ix_invitation_role", ["role"])
    op.create_index(
        "ix_credential_kind_expires_at_revoked_at_user_id",
        "credential",
        ["kind", "expires_at", "revoked_at", "user_id"],
    )
    op.drop_index("ix_credential_user_id_kind", "credential")
    op.create_index(
        "ix_credential_user_id_kind_expires_at_revoked_at",
        "credential",
        ["user_id", "kind", "expires_at", "revoked_at"],
    )
    op.create_index("ix_credential_last_used_at_user_id", "credential", ["last_used_at", "user_id"])


def collate(words: str) -> None:
    """Byte order on PostgreSQL, as on SQLite, so that a search by prefix is a range of the index."""
    if op.get_bind().dialect.name == "postgresql":
        for name, length in KEYS.items():
            op.execute(f'ALTER TABLE "user" ALTER COLUMN {name} TYPE varchar({length}) {words}')


def downgrade() -> None:
    op.drop_index("ix_credential_last_used_at_user_id", "credential")
    op.create_index("ix_credential_user_id_kind", "credential", ["user_id", "kind"])
    op.drop_index("ix_credential_user_id_kind_expires_at_revoked_at", "credential")
    op.drop_index("ix_credential_kind_expires_at_revoked_at_user_id", "credential")
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_index("ix_invitation_role")
        batch_op.drop_constraint("fk_invitation_role_role", type_="foreignkey")
    with op.batch_alter_table("user", schema=None) as batch_op:
        for name in OF_USERS:
            batch_op.drop_index(f"ix_user_{name}_username_key")
        batch_op.create_index("ix_user_last_login_at", ["last_login_at"])
        batch_op.drop_constraint("fk_user_role_role", type_="foreignkey")
    collate('COLLATE "default"')
