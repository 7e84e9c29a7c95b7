"""Disable, enable, unlock, close and delete accounts; change roles and passwords. Effective with the next request."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete as delete_from
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts import ended_credentials, known_networks, lockout, one_time_links, role_closures, service_rules
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.invitation_state import revoke_invitations
from webapp.accounts.models import User
from webapp.accounts.roles import (
    RoleGone,
    active_super_admins,
    locked_role,
    locked_super_admins,
    reaching,
)
from webapp.accounts.service_rules import require_login
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.credentials.live_counts import LiveCounts, live_counts_of

# How long a closed account can be reopened, in case it was closed by mistake or by somebody else.
GRACE = timedelta(days=14)


class LastSuperAdmin(Exception):
    """The change would leave the site without an active super admin."""


def lock_user(db: Session, user_ids: Iterable[UUID]) -> dict[UUID, User]:
    """Lock rows of users for a change.

    Returns:
        Users by id, as they are now; deleted ones are left out.
    """
    ids = set(user_ids)
    role_closures.lock(db)
    # Together with all super admins, and ordered by id: otherwise two requests that act on each other could deadlock.
    # FOR NO KEY UPDATE (key_share) does not block inserts that only refer to the user, such as usage counts.
    together = select(User).where(User.id.in_(ids | set(db.scalars(active_super_admins(db))))).order_by(User.id)
    found = db.scalars(together.with_for_update(key_share=True).execution_options(populate_existing=True))
    return {user.id: user for user in found if user.id in ids}


def disable(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> LiveCounts:
    """Disable an account, end its sessions and tokens, and void its mailed links.

    Returns:
        Number of sessions, script logins and API tokens that ended.

    Raises:
        LastSuperAdmin
    """
    if user.disabled_at is None:
        keep_one_super_admin(db, user)
        user.disabled_at = now()
        record(db, Event.USER_DISABLED, user_id=user.id, actor_id=actor_id, reason=reason)
        service_rules.recheck(db, owner_id=user.id)
    return disable_account(db, user.id)


def enable(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Let a disabled user log in again. Ended sessions and tokens stay ended; failed logins are reset.

    Raises:
        InvalidServiceOwner: it is a service account that its owner cannot have any more.
    """
    role_closures.lock(db)
    service_rules.require_owner(db, user, user.role)
    if lockout.is_locked(user):
        unlock(db, user, actor_id=actor_id, reason=reason)
    user.failed_logins, user.unlocked_at = 0, now()
    if user.disabled_at is not None:
        # A request that was running while the account was disabled may have created a credential too late to be ended
        # then.
        disable_account(db, user.id)
        user.disabled_at = None
        record(db, Event.USER_ENABLED, user_id=user.id, actor_id=actor_id, reason=reason)


def unlock(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Lift the lockout after too many wrong passwords or codes, and reset every counter of them."""
    user.failed_logins, user.unlocked_at = 0, now()
    record(db, Event.LOGIN_UNLOCKED, user_id=user.id, actor_id=actor_id, reason=reason)


def disable_account(db: Session, user_id: UUID) -> LiveCounts:
    """End all credentials of a user and void mailed links that give access, because others may read the mailbox.

    Returns:
        Number of credentials that ended.
    """
    one_time_links.void(db, user_id)
    ended = live_counts_of(db, user_id)
    credentials.end_all(db, user_id)
    return ended


def change_role(db: Session, user: User, role: str, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Assign a role.

    Raises:
        RoleGone: there is no such role.
        LastSuperAdmin
        InvalidServiceOwner: it is a service account, whose owner does not have the role.
    """
    role_closures.lock(db)
    if locked_role(db, role) is None:
        raise RoleGone(role)
    if role == user.role:
        return
    if role not in reaching(db, "super_admin"):
        keep_one_super_admin(db, user)
    service_rules.require_owner(db, user, role)
    former, user.role = user.role, role
    record(db, Event.ROLE_CHANGED, user_id=user.id, actor_id=actor_id, former=former, role=role, reason=reason)
    service_rules.recheck(db, owner_id=user.id)


class PasswordManagedExternally(Exception):
    """An identity provider verifies the password of this account, so it cannot be changed here."""


def set_password(
    db: Session,
    user: User,
    password_hash: str,
    *,
    actor_id: UUID | None = None,
    keep: UUID | None = None,
    revokes_tokens: bool = False,
) -> EndedCredentials:
    """Set a new password, end all sessions and script logins, and void mailed links that give access.

    Args:
        password_hash: of the new password.
        keep: a session to leave alone, such as the one that made the request.
        revokes_tokens: whether API tokens are revoked as well.

    Raises:
        PasswordManagedExternally: an identity provider verifies the password.
        ServiceAccountCannotLogIn: it is a service account.
    """
    require_login(user)
    if user.has_external_identity:
        raise PasswordManagedExternally(user.username)
    user.password_hash, user.password_changed_at, user.failed_logins = password_hash, now(), 0
    known_networks.forget_all(db, user.id)
    ended = ended_credentials.end_logins(db, user.id, keep=keep, revokes_tokens=revokes_tokens)
    record(db, Event.PASSWORD_CHANGED, user_id=user.id, actor_id=actor_id, **ended.facts)
    return ended


def remove_password(db: Session, user: User, *, keep: UUID) -> EndedCredentials:
    """Remove the password of a user who logs in with passkeys; all other logins end.

    Args:
        keep: the session that made the request.
    """
    user.password_hash, user.password_changed_at = "", now()
    ended = ended_credentials.end_logins(db, user.id, keep=keep)
    record(db, Event.PASSWORD_REMOVED, user_id=user.id, **ended.facts)
    return ended


def end_everything(db: Session, user_id: UUID, *, keep: UUID | None = None) -> EndedCredentials:
    """End all sessions, script logins and API tokens of a user, and void mailed links that give access.

    Args:
        keep: a session to leave alone, such as the one that made the request.
    """
    ended = ended_credentials.end_logins(db, user_id, keep=keep, revokes_tokens=True)
    record(db, Event.EVERYTHING_ENDED, user_id=user_id, **ended.facts)
    return ended


def delete(db: Session, user: User, *, actor_id: UUID | None = None, reason: str | None = None) -> None:
    """Delete an account with everything that belongs to it; audit events stay.

    Raises:
        LastSuperAdmin
    """
    keep_one_super_admin(db, user)
    service_rules.stop_all(db, user)
    revoke_invitations(db, user.id)
    record(db, Event.USER_DELETED, user_id=user.id, actor_id=actor_id, username=user.username, reason=reason)
    # With ON DELETE CASCADE of the database instead of loading each object.
    db.execute(delete_from(User).where(User.id == user.id))


def close(db: Session, user: User) -> datetime:
    """Close an account: all access ends now, and ``delete_due`` deletes the account after ``GRACE``.

    Returns:
        When it is deleted.

    Raises:
        LastSuperAdmin
    """
    keep_one_super_admin(db, user)
    closes_at = user.closes_at = now() + GRACE
    record(db, Event.USER_CLOSED, user_id=user.id)
    service_rules.recheck(db, owner_id=user.id)
    end_everything(db, user.id)
    return closes_at


def reopen(db: Session, user: User) -> None:
    """Reopen a closed account."""
    if user.closes_at is not None:
        user.closes_at = None
        record(db, Event.USER_REOPENED, user_id=user.id)


def delete_due(db: Session, *, limit: int = 20) -> int:
    """A step of a job: delete closed accounts whose grace period is over. Audit events stay, without the user's id.

    Returns:
        Number of deleted accounts; 0 when there are no more.
    """
    role_closures.lock(db)
    closed_users = db.scalars(select(User).where(User.closes_at <= now()).limit(limit)).all()
    for user in closed_users:
        service_rules.stop_all(db, user)
        revoke_invitations(db, user.id)
        record(db, Event.USER_FORGOTTEN, former_id=str(user.id))
        db.delete(user)
    return len(closed_users)


def keep_one_super_admin(db: Session, user: User) -> None:
    """Lock all active super admins, and refuse to remove the last one.

    Raises:
        LastSuperAdmin: the user is the only active super admin.
    """
    role_closures.lock(db)
    if user.role in reaching(db, "super_admin") and locked_super_admins(db) == {user.id}:
        raise LastSuperAdmin
