"""Distinguish accounts that must be verified before a login from those whose e-mail address is only not verified.

E-mail addresses marked as verified when the account was created were typed by an operator or came with an invitation
whose link others could read: no mail has verified them. Those from an identity provider stay verified.
"""

import sqlalchemy as sa
from alembic import op

revision = "20261211_verification"
down_revision = "20261210_invitations"
branch_labels = None
depends_on = None

COLUMNS = ("email", "email_verified_at", "created_at", "known_elsewhere_as", "verification_required_at")
SECOND = 1_000_000
"""In microseconds, as instants are stored."""


def upgrade() -> None:
    op.add_column("user", sa.Column("verification_required_at", sa.BigInteger(), nullable=True))
    user = sa.table("user", *[sa.column(name) for name in COLUMNS])
    waits = user.c.email.is_not(None) & user.c.email_verified_at.is_(None)
    op.execute(user.update().where(waits).values(verification_required_at=user.c.created_at))
    is_at_once = user.c.email_verified_at - user.c.created_at < SECOND
    op.execute(user.update().where(is_at_once, user.c.known_elsewhere_as.is_(None)).values(email_verified_at=sa.null()))


def downgrade() -> None:
    user = sa.table("user", *[sa.column(name) for name in COLUMNS])
    may_log_in = user.c.email.is_not(None) & user.c.verification_required_at.is_(None)
    op.execute(
        user.update().where(may_log_in, user.c.email_verified_at.is_(None)).values(email_verified_at=user.c.created_at)
    )
    op.drop_column("user", "verification_required_at")
