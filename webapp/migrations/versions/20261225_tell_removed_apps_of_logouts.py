"""Let logins to apps, and notices of their end, outlive the app."""

import sqlalchemy as sa
from alembic import op

revision = "20261225_removed_apps"
down_revision = "20261224_pairwise"
branch_labels = None
depends_on = None

CLIENT = sa.table("oauth_client", sa.column("id"))
TABLES = "oauth_app_session", "oauth_logout_notice"


def upgrade() -> None:
    op.create_table(
        "oauth_removed_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("backchannel_logout_uri", sa.Text(), nullable=False),
        sa.Column("wants_rs256", sa.Boolean(), nullable=False),
        sa.Column("has_pairwise_subjects", sa.Boolean(), nullable=False),
        sa.Column("subject_salt", sa.String(length=43), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_removed_client"),
    )
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_client_id_oauth_client", type_="foreignkey")


def downgrade() -> None:
    for table in TABLES:
        rows = sa.table(table, sa.column("client_id"))
        op.execute(rows.delete().where(rows.c.client_id.not_in(sa.select(CLIENT.c.id))))
        with op.batch_alter_table(table) as batch:
            name = f"fk_{table}_client_id_oauth_client"
            batch.create_foreign_key(name, "oauth_client", ["client_id"], ["id"], ondelete="CASCADE")
    op.drop_table("oauth_removed_client")
