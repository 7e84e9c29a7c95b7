"""Note on each token its issuer, and on each passkey its RP ID: the base URL of the site may change.

The columns are filled after the migration, because what was used so far is a setting.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261213_base_url"
down_revision = "20261212_language"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_token", sa.Column("issuer", sa.String(200), nullable=True))
    op.add_column("passkey", sa.Column("rp_id", sa.String(200), nullable=True))


def downgrade() -> None:
    op.drop_column("passkey", "rp_id")
    op.drop_column("api_token", "issuer")
