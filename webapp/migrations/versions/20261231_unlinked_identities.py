"""Remember which identities were unlinked from an account, so that their e-mail address does not link them again."""

import sqlalchemy as sa
from alembic import op

revision = "20261231_unlinked"
down_revision = "20261230_keys"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "unlinked_identity",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_unlinked_identity_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "digest", name=op.f("pk_unlinked_identity")),
    )


def downgrade() -> None:
    op.drop_table("unlinked_identity")
