"""Lock-out: how many wrong passwords in a row an account accepts, and what resets the count.

SP 800-63B-4 §3.2.2 allows at most 100. 50 are left for networks and browsers that the owner has logged in with before,
so that attempts by others do not lock out the owner, and the last 25 of them for browsers alone, because others
may share a network with the owner.
"""

from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.accounts.familiarity import Familiarity
from webapp.accounts.models import User
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.mail.mailer import Mailer

ALTOGETHER, FROM_NETWORKS, BY_UNKNOWN = 100, 75, 50
MAX_FAILED_LOGINS = {
    Familiarity.UNKNOWN: BY_UNKNOWN,
    Familiarity.NETWORK: FROM_NETWORKS,
    Familiarity.BROWSER: ALTOGETHER,
}
NOBODY = UUID(int=0)


def is_locked(user: User) -> bool:
    """Whether the account is locked for unknown clients: it refuses passwords from unknown networks and browsers."""
    return user.failed_logins >= BY_UNKNOWN


def count_failure(db: Session, mailer: Mailer, user: User | None, familiarity: Familiarity) -> None:
    """Count a wrong password. When a limit is reached, a mail tells the user how to unlock the account.

    Args:
        user: None for an unknown name; the same statement runs, so that timing does not show which names exist.
        familiarity: of browser and network of the attempt, which determines its limit.
    """
    failed = db.scalar(
        update(User)
        .where(User.id == (user.id if user else NOBODY), User.failed_logins < MAX_FAILED_LOGINS[familiarity])
        .values(failed_logins=User.failed_logins + 1)
        .returning(User.failed_logins)
    )
    if user is None or failed not in MAX_FAILED_LOGINS.values():
        return
    record(db, Event.LOGIN_LOCKED, user_id=user.id, failed=failed)
    if user.email is not None and user.disabled_at is None and not user.is_unverified:
        facts = {
            "username": user.username,
            "failed": failed,
            "is_all": failed == ALTOGETHER,
            "by_network": failed == BY_UNKNOWN,
        }
        facts |= {"is_elsewhere": user.has_external_identity, "at": now()}
        mailer.send(db, "login_locked", user.email, user_id=user.id, **facts)


def reset_failures(db: Session, user: User, familiarity: Familiarity) -> bool:
    """Reset the count after the right password.

    Returns:
        False if the limit was reached before, perhaps a moment ago; then the login must be refused.
    """
    forgiven = update(User).where(User.id == user.id, User.failed_logins < MAX_FAILED_LOGINS[familiarity])
    return db.scalar(forgiven.values(failed_logins=0).returning(User.id)) is not None
