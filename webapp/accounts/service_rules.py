"""What holds for service accounts: they get no way to log in, and stop with their owner."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.roles import included_in
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials


class NoLogin(Exception):
    """It is a service account, which has no way to log in and is not given any."""


def require_login(user: User) -> None:
    """
    Raises:
        NoLogin
    """
    if user.is_service:
        raise NoLogin(user.username)


def stop_services(db: Session, owner: User, *, beyond: str | None = None) -> None:
    """Disable the service accounts that belong to a person, and revoke their tokens.

    Args:
        beyond: only those that may do more than this role, which the owner has now.
    """
    theirs = select(ServiceAccount.user_id).where(ServiceAccount.owner_id == owner.id)
    held = set(included_in(db, beyond)) if beyond else set()
    for user in db.scalars(select(User).where(User.id.in_(theirs), User.disabled_at.is_(None))).all():
        if beyond and set(included_in(db, user.role)) <= held:
            continue
        why = "no longer has its role" if beyond else "was disabled, closed or deleted"
        user.disabled_at = now()
        record(db, Event.USER_DISABLED, user_id=user.id, reason=f"Its owner {owner.username} {why}.")
        credentials.end_all(db, user.id)
