"""Disable and enable, change a role or a password, delete: what acts on the very next request."""

from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.roles import find, reaching
from webapp.audit.log import Event, record
from webapp.credentials import lifecycle as credentials
from webapp.kernel.clock import now


class LastSuperAdmin(Exception):
    """Nobody would be left who can let others in."""


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
    return len(credentials.end_all(db, user.id))


def enable(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Log in again, from anew: what was ended stays ended."""
    if user.disabled_at is not None:
        user.disabled_at = None
        record(db, Event.USER_ENABLED, user_id=user.id, actor_id=actor_id, reason=reason)


def change_role(db: Session, user: User, role: str, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """
    Raises:
        LastSuperAdmin
        ValueError: there is no such role.
    """
    if find(db, role) is None:
        raise ValueError(role)
    if role == user.role:
        return
    if role not in reaching(db, "super_admin"):
        keep_one_super_admin(db, user)
    former, user.role = user.role, role
    record(db, Event.ROLE_CHANGED, user_id=user.id, actor_id=actor_id, former=former, role=role, reason=reason)


def set_password(db: Session, user: User, password_hash: str, *, actor_id: UUID | None = None) -> None:
    """A new password; whoever knew the old one is logged out everywhere."""
    user.password_hash = password_hash
    credentials.end_all(db, user.id, kind="session")
    record(db, Event.PASSWORD_CHANGED, user_id=user.id, actor_id=actor_id)


def delete(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """The account and all that belongs to it, for good; what happened stays written down.

    Raises:
        LastSuperAdmin
    """
    keep_one_super_admin(db, user)
    record(db, Event.USER_DELETED, user_id=user.id, actor_id=actor_id, username=user.username, reason=reason)
    # By the database's own cascades, not object by object.
    db.execute(delete_from(User).where(User.id == user.id))


def keep_one_super_admin(db: Session, user: User) -> None:
    holders = reaching(db, "super_admin")
    if user.role not in holders or user.disabled_at is not None:
        return
    # Locked, so that the last two cannot remove each other at the same moment.
    everyone = select(User.id).where(User.role.in_(holders), User.disabled_at.is_(None)).with_for_update()
    if set(db.scalars(everyone)) <= {user.id}:
        raise LastSuperAdmin
