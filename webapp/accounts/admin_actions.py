"""What administrators do to other accounts: allowed by role, recorded with actor and reason, and mailed to the user."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import lifecycle, lockout, mfa_reset, recovery, roles
from webapp.accounts.models import User
from webapp.accounts.role_closures import administers_users
from webapp.accounts.roles import RoleGone
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials.live_counts import LiveCounts
from webapp.mail.mailer import Mailer
from webapp.sessions import lifecycle as sessions


class TargetOutranksActor(Exception):
    """The target user has roles that the actor does not have. The message is the target's user name."""


class OwnAccount(Exception):
    """The actor is an API token, which may not administer the account of its owner."""


class IsDisabled(Exception):
    """A disabled account cannot be sent a link for a new password. The message is the user name."""


class NotYoursToGrant(Exception):
    """The actor may not assign this role. The message is the name of the role."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who administers: the user, all roles that theirs includes, and whether an API token is used."""

    user_id: UUID
    username: str
    roles: tuple[str, ...]
    is_token: bool = False
    """Whether the actor is an API token of the user rather than a session."""


def may_act_on(actor_roles: Collection[str], user_roles: Collection[str]) -> bool:
    """Whether an actor may administer a user: only if the actor has all roles of that user; super admins may always.

    Args:
        actor_roles: all roles of the actor.
        user_roles: all roles of the user.
    """
    return "super_admin" in actor_roles or set(user_roles) <= set(actor_roles)


def may_grant(actor: Collection[str], closure: Collection[str]) -> bool:
    """Whether an actor may assign a role: one that the actor has and that does not administer others; super admins any.

    Args:
        actor: all roles of the actor.
        closure: all roles that the assigned role includes, itself among them.
    """
    return "super_admin" in actor or (not administers_users(closure) and set(closure) <= set(actor))


@dataclass(frozen=True, slots=True)
class AdminAction:
    """What one actor does to a user, for one reason, in one transaction.

    Each method checks the actor's rank, writes an audit event with actor and reason, and mails the user. Each raises
    ``TargetOutranksActor``, and ``OwnAccount`` if a token of the user acts on the user.
    """

    db: Session
    mailer: Mailer
    actor: Actor
    reason: str

    def disable(self, user: User) -> LiveCounts:
        """Disable an account and end its sessions, script logins and API tokens.

        Raises:
            LastSuperAdmin: nobody could administer the site afterwards.
        """
        self.check_target(user)
        was_enabled = user.disabled_at is None
        ended = lifecycle.disable(self.db, user, actor_id=self.actor.user_id, reason=self.reason)
        if was_enabled:
            self.mail_user(user, "account_disabled")
        return ended

    def enable(self, user: User) -> None:
        """Enable a disabled or locked account. Sessions stay ended, and tokens revoked."""
        self.check_target(user)
        if user.disabled_at is not None or lockout.is_locked(user):
            lifecycle.enable(self.db, user, actor_id=self.actor.user_id, reason=self.reason)
            self.mail_user(user, "account_enabled")

    def unlock(self, user: User) -> None:
        """Reset the counters of wrong passwords and codes."""
        self.check_target(user)
        lifecycle.unlock(self.db, user, actor_id=self.actor.user_id, reason=self.reason)
        self.mail_user(user, "login_unlocked")

    def end_sessions(self, user: User) -> int:
        """End all sessions of a user; API tokens stay. Returns the number of ended sessions."""
        self.check_target(user)
        ended = sessions.end_others(self.db, user.id, way="admin", actor_id=self.actor.user_id, reason=self.reason)
        if ended:
            self.mail_user(user, "sessions_ended", count=ended)
        return ended

    def send_reset_link(self, user: User, *, by_mail: bool) -> str:
        """Create a link that sets a new password; earlier links stop working.

        Args:
            by_mail: whether it is mailed to the user; otherwise the administrator passes it on.

        Returns:
            The path of the page, with the secret.

        Raises:
            IsDisabled: the account is disabled.
            PasswordManagedExternally: an identity provider verifies the password.
        """
        self.check_target(user)
        if user.disabled_at is not None:
            raise IsDisabled(user.username)
        path = recovery.link_for(self.db, user, is_shown=not by_mail, replaces=True)
        record(
            self.db,
            Event.RESET_ASKED,
            user_id=user.id,
            actor_id=self.actor.user_id,
            reason=self.reason,
            way="by mail" if by_mail else "by hand",
        )
        if by_mail:
            self.mail_user(user, "reset_offered", link=path, lifetime=recovery.LIFETIME)
        return path

    def reset_factors(self, user: User, *, wait: timedelta) -> None:
        """Announce the removal of a user's second factors. It is carried out after ``wait``, unless the user stops it.

        Raises:
            AlreadyBegun: a reset is already pending.
        """
        self.check_target(user)
        mfa_reset.begin(
            self.db,
            self.mailer,
            user,
            actor_id=self.actor.user_id,
            actor=self.actor.username,
            reason=self.reason,
            wait=wait,
        )

    def change_role(self, user: User, role: str) -> None:
        """Assign another role. Allowed on the actor's own account too, because nobody gains a role by it.

        Raises:
            RoleGone: there is no such role.
            NotYoursToGrant: the actor may not assign it.
            LastSuperAdmin: nobody could administer the site afterwards.
        """
        # The actor's own role may be changed as well: ``may_grant`` gives nobody more than they have.
        self.check_rank(user)
        closure = roles.included_in(self.db, role)
        if not closure:
            raise RoleGone(role)
        if role == user.role:
            return
        if not may_grant(self.actor.roles, closure):
            raise NotYoursToGrant(role)
        former = user.role
        lifecycle.change_role(self.db, user, role, actor_id=self.actor.user_id, reason=self.reason)
        self.mail_user(user, "role_changed", former=former, role=role)

    def delete(self, user: User) -> None:
        """Delete an account with everything that belongs to it; audit events stay.

        Raises:
            LastSuperAdmin: nobody could administer the site afterwards.
        """
        self.check_target(user)
        self.mail_user(user, "account_deleted")
        lifecycle.delete(self.db, user, actor_id=self.actor.user_id, reason=self.reason)

    def check_target(self, user: User) -> None:
        if self.actor.is_token and user.id == self.actor.user_id:
            raise OwnAccount
        self.check_rank(user)

    def check_rank(self, user: User) -> None:
        if not may_act_on(self.actor.roles, roles.included_in(self.db, user.role)):
            raise TargetOutranksActor(user.username)

    def mail_user(self, user: User, kind: str, **facts: object) -> None:
        if user.email is None:
            return
        variables = facts | {
            "username": user.username,
            "actor": self.actor.username,
            "reason": self.reason,
            "at": now(),
        }
        # Without user_id: mails of a user are deleted with the account, and this one may be about its deletion.
        self.mailer.put(self.db, kind, user.email, variables, recipient_id=user.id)
