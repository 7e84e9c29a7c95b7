"""How many wrong passwords in a row an account takes, and what opens it again.

SP 800-63B-4 §3.2.2 asks for at most 100. Half of them are left to networks and browsers that the owner has logged in
with before, so that strangers who use up theirs do not lock the owner out; the last quarter to browsers alone, because
strangers may share a network.
"""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.accounts.familiarity import Familiarity
from webapp.accounts.models import User
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.mail.mailer import Mailer

ALTOGETHER, FROM_NETWORKS, BY_STRANGERS = 100, 75, 50
MOST = {
    Familiarity.STRANGER: BY_STRANGERS,
    Familiarity.NETWORK: FROM_NETWORKS,
    Familiarity.BROWSER: ALTOGETHER,
}
NOBODY = UUID(int=0)


def is_frozen(user: User) -> bool:
    """Whether strangers' tries count for nothing any more."""
    return user.failed_logins >= BY_STRANGERS


def count(db: Session, post: Mailer, user: User | None, familiarity: Familiarity) -> None:
    """Count a wrong password. After the last one allowed, a mail tells the user how to unlock the account.

    The same is asked of the database for a name that nobody has, so that it takes no other time.
    """
    failed = db.scalar(
        update(User)
        .where(User.id == (user.id if user else NOBODY), User.failed_logins < MOST[familiarity])
        .values(failed_logins=User.failed_logins + 1)
        .returning(User.failed_logins)
    )
    if user is None or failed not in MOST.values():
        return
    record(db, Event.LOGIN_FROZEN, user_id=user.id, failed=failed)
    if user.email is not None and user.disabled_at is None and not user.is_unverified:
        facts = {
            "username": user.username,
            "failed": failed,
            "is_all": failed == ALTOGETHER,
            "by_network": failed == BY_STRANGERS,
        }
        facts |= {"is_elsewhere": user.is_known_elsewhere, "at": now()}
        post.send(db, "login_frozen", user.email, user_id=user.id, **facts)


def forgive(db: Session, user: User, familiarity: Familiarity) -> bool:
    """Begin anew after the right password. Not where too many wrong ones came before it, be it a moment ago."""
    forgiven = update(User).where(User.id == user.id, User.failed_logins < MOST[familiarity])
    return db.scalar(forgiven.values(failed_logins=0).returning(User.id)) is not None
