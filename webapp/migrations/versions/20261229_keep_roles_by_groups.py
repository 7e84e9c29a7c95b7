"""Keep which role a group of the identity provider gave to a user."""

import sqlalchemy as sa
from alembic import op

revision = "20261229_provider_role"
down_revision = "20261228_provider_error"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user", sa.Column("provider_role", sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column("user", "provider_role")
