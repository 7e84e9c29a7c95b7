"""Add second factors: authenticator apps, passkeys, recovery codes, and pending resets."""

import sqlalchemy as sa
from alembic import op

revision = "20261127_factors"
down_revision = "20261126"
branch_labels = None
depends_on = None


def user_id(**kwargs: object) -> sa.Column:
    return sa.Column("user_id", sa.Uuid(), nullable=False, **kwargs)


def of_the_user(table: str, column: str = "user_id", ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["user.id"], name=f"fk_{table}_{column}_user", ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "totp_seed",
        sa.Column("id", sa.Uuid(), nullable=False),
        user_id(),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        of_the_user("totp_seed"),
        sa.PrimaryKeyConstraint("id", name="pk_totp_seed"),
        sa.UniqueConstraint("user_id", name="uq_totp_seed_user_id"),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        user_id(),
        sa.Column("credential_id", sa.LargeBinary(1023), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("aaguid", sa.String(36), nullable=False),
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("uses", sa.Integer(), nullable=False),
        of_the_user("passkey"),
        sa.PrimaryKeyConstraint("id", name="pk_passkey"),
        sa.UniqueConstraint("credential_id", name="uq_passkey_credential_id"),
    )
    op.create_index("ix_passkey_user_id", "passkey", ["user_id"])
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        user_id(),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        of_the_user("recovery_code"),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_code"),
        sa.UniqueConstraint("digest", name="uq_recovery_code_digest"),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"])
    op.create_table(
        "factor_reset",
        sa.Column("id", sa.Uuid(), nullable=False),
        user_id(),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        of_the_user("factor_reset"),
        of_the_user("factor_reset", "actor_id", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_factor_reset"),
        sa.UniqueConstraint("user_id", name="uq_factor_reset_user_id"),
    )
    op.create_index("ix_factor_reset_due_at", "factor_reset", ["due_at"])


def downgrade() -> None:
    for table in ("factor_reset", "recovery_code", "passkey", "totp_seed"):
        op.drop_table(table)
