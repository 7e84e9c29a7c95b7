"""Mails that did not leave."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.mail.models import OutgoingMail


def unsent(db: Session) -> int:
    """How many were tried in vain, whether or not they are tried again."""
    query = select(func.count()).where(
        OutgoingMail.sent_at.is_(None), OutgoingMail.last_error.is_not(None), OutgoingMail.to != ""
    )
    return db.scalar(query) or 0
