"""Disable and enable, change a role or a password: what acts on the very next request."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts import links
from webapp.accounts.models import User
from webapp.accounts.roles import ROLES
from webapp.audit.log import Event, record
from webapp.credentials import lifecycle as credentials
from webapp.kernel.clock import now


class LastSuperAdmin(Exception):
    """Nobody would be left who can let others in."""


def disable(db: Session, user: User, *, actor_id: UUID | None = None) -> int:
    """End everything of a user, and let nothing new begin.

    Returns:
        How many sessions and tokens ended.

    Raises:
        LastSuperAdmin
    """
    if user.disabled_at is None:
        keep_one_super_admin(db, user)
        user.disabled_at = now()
        record(db, Event.USER_DISABLED, user_id=user.id, actor_id=actor_id)
    return len(credentials.end_all(db, user.id))


def enable(db: Session, user: User, *, actor_id: UUID | None = None) -> None:
    """Log in again, from anew: what was ended stays ended."""
    if user.disabled_at is not None:
        user.disabled_at = None
        record(db, Event.USER_ENABLED, user_id=user.id, actor_id=actor_id)


def change_role(db: Session, user: User, role: str, *, actor_id: UUID | None = None) -> None:
    """
    Raises:
        LastSuperAdmin
        ValueError: there is no such role.
    """
    if role not in ROLES:
        raise ValueError(role)
    if role == user.role:
        return
    keep_one_super_admin(db, user)
    former, user.role = user.role, role
    record(db, Event.ROLE_CHANGED, user_id=user.id, actor_id=actor_id, former=former, role=role)


def set_password(db: Session, user: User, password_hash: str, *, actor_id: UUID | None = None) -> None:
    """A new password; whoever knew the old one is logged out everywhere."""
    user.password_hash = password_hash
    user.password_changed_at = now()
    links.kill(db, user.id, "reset")
    credentials.end_all(db, user.id, kind="session")
    record(db, Event.PASSWORD_CHANGED, user_id=user.id, actor_id=actor_id)


def keep_one_super_admin(db: Session, user: User) -> None:
    if user.role != "super_admin" or user.disabled_at is not None:
        return
    # Locked, so that the last two cannot remove each other at the same moment.
    everyone = select(User.id).where(User.role == "super_admin", User.disabled_at.is_(None)).with_for_update()
    if set(db.scalars(everyone)) <= {user.id}:
        raise LastSuperAdmin
