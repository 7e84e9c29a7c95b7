"""Let apps have ID tokens with RS256, and userinfo as a signed JWT."""

import sqlalchemy as sa
from alembic import op

revision = "20261221_signatures"
down_revision = "20261221_people"
branch_labels = None
depends_on = None
COLUMNS = ("wants_rs256", "signs_userinfo")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("oauth_client", sa.Column(name, sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("oauth_client", name)
