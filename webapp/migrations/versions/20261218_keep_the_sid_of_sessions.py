"""Keep the sid of a session when it is replaced, and note what apps were given only for a session."""

import sqlalchemy as sa
from alembic import op

revision = "20261218_sid"
down_revision = "20261218_pushed"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("credential", sa.Column("sid", sa.Uuid(), nullable=True))
    op.execute("UPDATE credential SET sid = id WHERE kind = 'session'")
    op.create_index("ix_credential_sid", "credential", ["sid"])


def downgrade() -> None:
    op.drop_index("ix_credential_sid", "credential")
    op.drop_column("credential", "sid")
