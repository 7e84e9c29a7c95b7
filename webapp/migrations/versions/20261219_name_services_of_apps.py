"""Let apps name the services that their tokens are for."""

import sqlalchemy as sa
from alembic import op

revision = "20261219_resources"
down_revision = "20261219_recipe"
branch_labels = None
depends_on = None

TABLES = "oauth_client", "oauth_consent", "oauth_code"


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("resources", sa.JSON(), server_default="[]", nullable=False))


def downgrade() -> None:
    # A former version would refresh them into tokens for its own API.
    op.execute(
        "DELETE FROM credential WHERE id IN (SELECT id FROM refresh_family WHERE client_id IN "
        "(SELECT id FROM oauth_client WHERE CAST(resources AS TEXT) <> '[]'))"
    )
    for table in TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("resources")
