"""Let apps say where their users go after a logout."""

import sqlalchemy as sa
from alembic import op

revision = "20261217_end_session"
down_revision = "20261216_oauth"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "oauth_client", sa.Column("post_logout_redirect_uris", sa.JSON(), server_default="[]", nullable=False)
    )


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("post_logout_redirect_uris")
