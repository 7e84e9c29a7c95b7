"""Remember the recipe by which an app was registered."""

import sqlalchemy as sa
from alembic import op

revision = "20261219_recipe"
down_revision = "20261218_sid"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("oauth_client", sa.Column("recipe", sa.String(length=30), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("oauth_client") as batch_op:
        batch_op.drop_column("recipe")
