"""Add partial indexes of credentials that have ended or belong to a script login, which few do."""

import sqlalchemy as sa
from alembic import op

revision = "20261206_few"
down_revision = "20261205_mails"
branch_labels = None
depends_on = None

INDEXES = {"ix_credential_revoked_at": "revoked_at", "ix_credential_family_id": "family_id"}


def upgrade() -> None:
    for name, column in INDEXES.items():
        op.drop_index(name, "credential")
        where = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "credential", [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, column in INDEXES.items():
        op.drop_index(name, "credential")
        op.create_index(name, "credential", [column])
