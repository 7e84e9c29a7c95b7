"""Disable and enable, change a role or a password, close, delete: what acts on the very next request."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import not_, select, update
from sqlalchemy.orm import Session

from webapp.accounts import ended_credentials, known_networks, lockout, one_time_links
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import Invitation, User
from webapp.accounts.roles import RoleGone, keepers, keeping, locked_role, over, reaching
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials

# Closed by mistake, or by somebody else: so long one may come back.
GRACE = timedelta(days=14)


class LastSuperAdmin(Exception):
    """Nobody would be left who can let others in."""


def lock_user(db: Session, user_ids: Iterable[UUID]) -> dict[UUID, User]:
    """Users as they are now, locked for a change. Deleted ones are left out."""
    wanted = set(user_ids)
    # With those who can let others in, and in one order: two who act on each other would wait forever. Their keys are
    # left to whoever refers to them, such as a count of uses, which comes in an order of its own.
    together = select(User).where(User.id.in_(wanted | set(db.scalars(keeping(db))))).order_by(User.id)
    found = db.scalars(together.with_for_update(key_share=True).execution_options(populate_existing=True))
    return {user.id: user for user in found if user.id in wanted}


def disable(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> int:
    """End everything of a user, and let nothing new begin.

    Returns:
        How many sessions and tokens ended.

    Raises:
        LastSuperAdmin
    """
    if user.disabled_at is None:
        keep_one_super_admin(db, user)
        user.disabled_at = now()
        record(db, Event.USER_DISABLED, user_id=user.id, actor_id=actor_id, reason=reason)
    return disable_account(db, user.id)


def enable(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Log in again, from anew: what was ended stays ended. Wrong passwords and codes are forgotten."""
    if lockout.is_frozen(user):
        unlock(db, user, actor_id=actor_id, reason=reason)
    user.failed_logins, user.unlocked_at = 0, now()
    if user.disabled_at is not None:
        # What was under way while they were disabled may have come too late to be ended then.
        disable_account(db, user.id)
        user.disabled_at = None
        record(db, Event.USER_ENABLED, user_id=user.id, actor_id=actor_id, reason=reason)


def unlock(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Lift what too many wrong passwords or codes in a row have locked; every count of them begins anew."""
    user.failed_logins, user.unlocked_at = 0, now()
    record(db, Event.LOGIN_OPENED, user_id=user.id, actor_id=actor_id, reason=reason)


def disable_account(db: Session, user_id: UUID) -> int:
    """End what acts as them, and what was mailed to do so: others may read their mails. Returns how many acted."""
    one_time_links.void(db, user_id)
    return len(credentials.end_all(db, user_id))


def change_role(db: Session, user: User, role: str, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """
    Raises:
        LastSuperAdmin, RoleGone
    """
    if locked_role(db, role) is None:
        raise RoleGone(role)
    if role == user.role:
        return
    if role not in reaching(db, "super_admin"):
        keep_one_super_admin(db, user)
    former, user.role = user.role, role
    record(db, Event.ROLE_CHANGED, user_id=user.id, actor_id=actor_id, former=former, role=role, reason=reason)


class PasswordElsewhere(Exception):
    """It is not ours to change."""


def set_password(
    db: Session,
    user: User,
    password_hash: str,
    *,
    actor_id: UUID | None = None,
    keep: UUID | None = None,
    revokes_tokens: bool = False,
) -> EndedCredentials:
    """A new password; every login with the old one ends, by browsers and by scripts, and mailed links are dead.

    Args:
        keep: the session that asks for it, when one does.
        revokes_tokens: whether the API tokens that people made are revoked as well.

    Raises:
        PasswordElsewhere
    """
    if user.is_known_elsewhere:
        raise PasswordElsewhere(user.username)
    user.password_hash, user.password_changed_at, user.failed_logins = password_hash, now(), 0
    known_networks.forget_all(db, user.id)
    ended = ended_credentials.end_logins(db, user.id, keep=keep, revokes_tokens=revokes_tokens)
    record(db, Event.PASSWORD_CHANGED, user_id=user.id, actor_id=actor_id, **ended.facts)
    return ended


def remove_password(db: Session, user: User, *, keep: UUID) -> EndedCredentials:
    """Do without one; every other login ends, and no hash compares as equal with what is left."""
    user.password_hash, user.password_changed_at = "", now()
    ended = ended_credentials.end_logins(db, user.id, keep=keep)
    record(db, Event.PASSWORD_REMOVED, user_id=user.id, **ended.facts)
    return ended


def end_everything(db: Session, user_id: UUID, *, keep: UUID | None = None) -> EndedCredentials:
    """End all that can act as a user, but for the session that asks, and what was mailed to become one."""
    ended = ended_credentials.end_logins(db, user_id, keep=keep, revokes_tokens=True)
    record(db, Event.EVERYTHING_ENDED, user_id=user_id, **ended.facts)
    return ended


def delete(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """The account and all that belongs to it, for good; what happened stays written down.

    Raises:
        LastSuperAdmin
    """
    keep_one_super_admin(db, user)
    withdraw_invitations(db, user.id)
    record(db, Event.USER_DELETED, user_id=user.id, actor_id=actor_id, username=user.username, reason=reason)
    # By the database's own cascades, not object by object.
    db.execute(delete_from(User).where(User.id == user.id))


def close(db: Session, user: User) -> datetime:
    """Nothing can act as them any more; when the grace is over, ``forget_due`` deletes them.

    Returns:
        When that is.

    Raises:
        LastSuperAdmin
    """
    keep_one_super_admin(db, user)
    closes_at = user.closes_at = now() + GRACE
    record(db, Event.USER_CLOSED, user_id=user.id)
    end_everything(db, user.id)
    return closes_at


def reopen(db: Session, user: User) -> None:
    if user.closes_at is not None:
        user.closes_at = None
        record(db, Event.USER_REOPENED, user_id=user.id)


def forget_due(db: Session, *, most: int = 20) -> int:
    """Delete some of those whose grace is over, with all that is theirs; what happened stays in the log, without them.

    Returns:
        How many; none where nobody is left.
    """
    due = db.scalars(select(User).where(User.closes_at <= now()).limit(most)).all()
    for user in due:
        withdraw_invitations(db, user.id)
        record(db, Event.USER_FORGOTTEN, former_id=str(user.id))
        db.delete(user)
    return len(due)


def withdraw_invitations(db: Session, user_id: UUID) -> None:
    """Nobody answers any more for those whom they would let in."""
    theirs = update(Invitation).where(Invitation.created_by == user_id, not_(over())).values(revoked_at=now())
    for found in db.scalars(theirs.returning(Invitation)).all():
        why = "The account of its creator was closed or deleted."
        record(db, Event.INVITATION_REVOKED, invitation_id=str(found.id), email=found.email, reason=why)


def keep_one_super_admin(db: Session, user: User) -> None:
    if user.role in reaching(db, "super_admin") and keepers(db) == {user.id}:
        raise LastSuperAdmin
