"""Set the language of all accounts to that of the browser; so far only English could be chosen."""

import sqlalchemy as sa
from alembic import op

revision = "20261212_language"
down_revision = "20261211_jobs"
branch_labels = None
depends_on = None

USER = sa.table("user", sa.column("language"))


def upgrade() -> None:
    # On SQLite this copies the table, because the default of a column cannot be altered.
    with op.batch_alter_table("user") as batch_op:
        batch_op.alter_column("language", server_default="auto")
    op.execute(USER.update().values(language="auto"))


def downgrade() -> None:
    op.execute(USER.update().values(language="en"))
    with op.batch_alter_table("user") as batch_op:
        batch_op.alter_column("language", server_default="en")
