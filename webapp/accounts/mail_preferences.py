"""Mail preferences: informative mails can be turned off, security mails are always sent."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.audit.log import Event, record

INFORMATIVE = ("tokens_expiring", "tokens_unused", "token_came_late")


def wants(user: User, kind: str) -> bool:
    """Whether a user gets mails of this kind."""
    return kind not in user.unwanted_mails


def chosen(user: User) -> dict[str, bool]:
    """Each kind of informative mail, and whether the user gets it."""
    return {kind: wants(user, kind) for kind in INFORMATIVE}


def choose(db: Session, user: User, kinds: Collection[str]) -> None:
    """Store which kinds of informative mail a user wants."""
    unwanted = [kind for kind in INFORMATIVE if kind not in kinds]
    if unwanted != user.unwanted_mails:
        user.unwanted_mails = unwanted
        record(db, Event.PROFILE_CHANGED, user_id=user.id, fields=["mails"])
