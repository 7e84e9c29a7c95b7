"""Rename the table of periodic work from chore to job."""

from alembic import op

revision = "20261211_jobs"
down_revision = "20261211_verification"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.rename_table("chore", "job")


def downgrade() -> None:
    op.rename_table("job", "chore")
