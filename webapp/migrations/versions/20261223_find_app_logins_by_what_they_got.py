"""Find the logins to apps by what the app was given."""

from alembic import op

revision = "20261223_app_family"
down_revision = "20261222_jwks_uri"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_oauth_app_session_family_id", "oauth_app_session", ["family_id"])


def downgrade() -> None:
    op.drop_index("ix_oauth_app_session_family_id", "oauth_app_session")
