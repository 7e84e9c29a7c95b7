"""Let the database refuse a second provider with the same issuer."""

import sqlalchemy as sa
from alembic import op

revision = "20270102_issuers"
down_revision = "20270101_first_logins"
branch_labels = None
depends_on = None

ONE_EACH = "uq_login_provider_issuer"


def upgrade() -> None:
    twice = sa.text("SELECT issuer FROM login_provider GROUP BY issuer HAVING count(*) > 1")
    if issuers := op.get_bind().scalars(twice).all():
        # Which of them keeps its links, only the operator knows.
        raise ValueError(f"Several identity providers have the issuer {issuers[0]}. Remove all but one of them first.")
    with op.batch_alter_table("login_provider") as batch_op:
        batch_op.create_unique_constraint(ONE_EACH, ["issuer"])


def downgrade() -> None:
    with op.batch_alter_table("login_provider") as batch_op:
        batch_op.drop_constraint(ONE_EACH, type_="unique")
