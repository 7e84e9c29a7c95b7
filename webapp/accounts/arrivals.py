"""Who came, and when."""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.kernel.clock import now


def note(db: Session, user_id: UUID) -> None:
    """They have logged in."""
    db.execute(update(User).where(User.id == user_id).values(last_login_at=now()))
