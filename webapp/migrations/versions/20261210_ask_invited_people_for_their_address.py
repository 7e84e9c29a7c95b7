"""Remove the e-mail address from open invitations: the inviter saw their links, so using one verifies nothing.

A person who uses such a link enters an e-mail address and verifies it by mail. The former one is kept as the note.
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
    """Nothing to do: invitations without an e-mail address were valid before too."""
