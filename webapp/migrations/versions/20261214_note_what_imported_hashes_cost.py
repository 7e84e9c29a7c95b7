"""Note of imported password hashes how long checking one takes; accounts without one have no value."""

import sqlalchemy as sa
from alembic import op

revision = "20261214_hash_costs"
down_revision = "20261214_services"
branch_labels = None
depends_on = None

INDEX = "ix_user_password_hash_cost"


def upgrade() -> None:
    op.add_column("user", sa.Column("password_hash_cost", sa.Integer(), nullable=True))
    where = sa.text("password_hash_cost IS NOT NULL")
    op.create_index(INDEX, "user", ["password_hash_cost"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index(INDEX, "user")
    op.drop_column("user", "password_hash_cost")
