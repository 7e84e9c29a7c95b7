"""Which mails a user may do without: those that only inform. What concerns the safety of an account is always sent."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.audit.log import Event, record

INFORMATIVE = ("tokens_expiring", "tokens_unused", "token_came_late")


def wants(user: User, kind: str) -> bool:
    return kind not in user.unwanted_mails


def chosen(user: User) -> dict[str, bool]:
    """Each of them, and whether it is sent."""
    return {kind: wants(user, kind) for kind in INFORMATIVE}


def choose(db: Session, user: User, wanted: Collection[str]) -> None:
    unwanted = [kind for kind in INFORMATIVE if kind not in wanted]
    if unwanted != user.unwanted_mails:
        user.unwanted_mails = unwanted
        record(db, Event.PROFILE_CHANGED, user_id=user.id, fields=["mails"])
