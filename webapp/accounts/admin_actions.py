"""What administrators do to other accounts: allowed by role, recorded with actor and reason, and mailed to the user."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import lifecycle, lockout, mfa_reset, recovery, roles
from webapp.accounts.models import User
from webapp.accounts.roles import RoleGone
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.mail.mailer import Mailer


class TargetOutranksActor(Exception):
    """They may do what the actor may not; the message is their name."""


class OwnAccount(Exception):
    """A token changes no password, factor, session or token of its owner's."""


class IsDisabled(Exception):
    """A new password would let them in as little as the old one; the message is their name."""


class NotYoursToGrant(Exception):
    """The message is the role."""


@dataclass(frozen=True, slots=True)
class Actor:
    user_id: UUID
    username: str
    roles: tuple[str, ...]
    is_token: bool = False
    """Whether a token of theirs speaks, and not they."""


@dataclass(frozen=True, slots=True)
class EndedCounts:
    sessions: int
    tokens: int


def may_act_on(actor: Collection[str], theirs: Collection[str]) -> bool:
    """Nobody acts on somebody who may do more; nobody is above super_admin."""
    return "super_admin" in actor or set(theirs) <= set(actor)


def looks_after(closure: Collection[str]) -> bool:
    return "admin" in closure


def may_grant(actor: Collection[str], closure: Collection[str]) -> bool:
    """What one has, and nothing that looks after others; super_admin gives everything."""
    return "super_admin" in actor or (not looks_after(closure) and set(closure) <= set(actor))


@dataclass(frozen=True, slots=True)
class AdminAction:
    """One actor with one reason, in one transaction; each action raises ``TargetOutranksActor`` or ``OwnAccount``."""

    db: Session
    post: Mailer
    actor: Actor
    reason: str

    def disable(self, user: User) -> EndedCounts:
        """
        Raises:
            AboveYou, LastSuperAdmin
        """
        self.judge(user)
        ends, was_enabled = live_of(self.db, user.id), user.disabled_at is None
        lifecycle.disable(self.db, user, actor_id=self.actor.user_id, reason=self.reason)
        if was_enabled:
            self.tell(user, "account_disabled")
        return ends

    def enable(self, user: User) -> None:
        self.judge(user)
        if user.disabled_at is not None or lockout.is_frozen(user):
            lifecycle.enable(self.db, user, actor_id=self.actor.user_id, reason=self.reason)
            self.tell(user, "account_enabled")

    def unlock(self, user: User) -> None:
        """Forget wrong passwords and codes.

        Raises:
            AboveYou
        """
        self.judge(user)
        lifecycle.unlock(self.db, user, actor_id=self.actor.user_id, reason=self.reason)
        self.tell(user, "login_unlocked")

    def end_sessions(self, user: User) -> int:
        """Log them out everywhere; their tokens stay."""
        self.judge(user)
        ended = credentials.end_all(self.db, user.id, kind="session")
        for session_id in ended:
            record(
                self.db,
                Event.SESSION_ENDED,
                user_id=user.id,
                actor_id=self.actor.user_id,
                credential_id=session_id,
                reason=self.reason,
            )
        if ended:
            self.tell(user, "sessions_ended", count=len(ended))
        return len(ended)

    def send_reset_link(self, user: User, *, by_mail: bool) -> str:
        """The path of a page that sets a new password. Earlier links stop working.

        Raises:
            AboveYou, IsDisabled, PasswordElsewhere
        """
        self.judge(user)
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
            self.tell(user, "reset_offered", link=path, lifetime=recovery.LIFETIME)
        return path

    def reset_factors(self, user: User, *, wait: timedelta) -> None:
        """Take their second factors away after a time in which they can stop it.

        Raises:
            AboveYou
            AlreadyBegun
        """
        self.judge(user)
        mfa_reset.begin(
            self.db,
            self.post,
            user,
            actor_id=self.actor.user_id,
            actor=self.actor.username,
            reason=self.reason,
            wait=wait,
        )

    def change_role(self, user: User, role: str) -> None:
        """
        Raises:
            AboveYou, NotYoursToGrant, LastSuperAdmin, RoleGone
        """
        # Of themselves as well: nobody gets more by it.
        self.judge_rank(user)
        closure = roles.included_in(self.db, role)
        if not closure:
            raise RoleGone(role)
        if role == user.role:
            return
        if not may_grant(self.actor.roles, closure):
            raise NotYoursToGrant(role)
        former = user.role
        lifecycle.change_role(self.db, user, role, actor_id=self.actor.user_id, reason=self.reason)
        self.tell(user, "role_changed", former=former, role=role)

    def delete(self, user: User) -> None:
        """
        Raises:
            AboveYou, LastSuperAdmin
        """
        self.judge(user)
        self.tell(user, "account_deleted")
        lifecycle.delete(self.db, user, actor_id=self.actor.user_id, reason=self.reason)

    def judge(self, user: User) -> None:
        if self.actor.is_token and user.id == self.actor.user_id:
            raise OwnAccount
        self.judge_rank(user)

    def judge_rank(self, user: User) -> None:
        if not may_act_on(self.actor.roles, roles.included_in(self.db, user.role)):
            raise TargetOutranksActor(user.username)

    def tell(self, user: User, kind: str, **facts: object) -> None:
        if user.email is None:
            return
        said = facts | {"username": user.username, "actor": self.actor.username, "reason": self.reason, "at": now()}
        # Without user_id: a mail is deleted with its account, and this one may have to outlive it.
        self.post.put(self.db, kind, user.email, said, recipient_id=user.id)


def live_of(db: Session, user_id: UUID) -> EndedCounts:
    counts = credentials.live_counts(db, [user_id])
    return EndedCounts(counts.get((user_id, "session"), 0), counts.get((user_id, "token"), 0))
