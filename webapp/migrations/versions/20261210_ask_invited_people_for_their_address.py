"""Take the address out of open invitations: their links were shown to whoever invited, so using one proves no address.

Whoever uses such a link is asked for an address, and verifies it by mail. The address stays as the note.
"""

from alembic import op

revision = "20261210_invitations"
down_revision = "20261209_exchanged"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_open = "email IS NOT NULL AND revoked_at IS NULL AND uses < most_uses"
    op.execute(f"UPDATE invitation SET note = substr(email, 1, 200) WHERE note = '' AND {is_open}")  # noqa: S608
    op.execute(f"UPDATE invitation SET email = NULL WHERE {is_open}")  # noqa: S608


def downgrade() -> None:
    """Nothing: an invitation without an address is one before as well."""
