"""unsent: how many mails could not be delivered."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.mail.models import OutgoingMail


def count_unsent(db: Session) -> int:
    """Number of mails with failed attempts, whether or not they are retried."""
    query = select(func.count()).where(
        OutgoingMail.sent_at.is_(None), OutgoingMail.last_error.is_not(None), OutgoingMail.to != ""
    )
    return db.scalar(query) or 0
