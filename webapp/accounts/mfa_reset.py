"""Reset of second factors by an administrator, after a waiting time in which the user can stop it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import notices, recovery
from webapp.accounts.models import User
from webapp.accounts.non_passkey_logins import NonPasskeyLogins
from webapp.accounts.notices import RequestOrigin
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import logins
from webapp.mail.mailer import Mailer
from webapp.mfa import factors, resets

BATCH_SIZE = 20


def begin(db: Session, mailer: Mailer, user: User, *, actor_id: UUID, actor: str, reason: str, wait: timedelta) -> None:
    """Announce a reset by mail, with a link that stops it. Nothing is removed yet.

    Raises:
        resets.AlreadyBegun: a reset is already pending.
    """
    found = resets.begin(db, user.id, actor_id=actor_id, reason=reason, wait=wait)
    record(db, Event.FACTORS_RESET_ASKED, user_id=user.id, actor_id=actor_id, reason=reason)
    notices.factors_reset_begun(
        db,
        mailer,
        user,
        RequestOrigin(now(), None, ""),
        actor=actor,
        reason=reason,
        due_at=found.due_at,
        wait=wait,
    )


def stop(db: Session, user: User) -> bool:
    """Cancel a pending reset. Returns whether there was one."""
    stopped = resets.cancel(db, user.id)
    if stopped:
        record(db, Event.FACTORS_RESET_STOPPED, user_id=user.id)
    return stopped


def carry_out_due(db: Session, *, mailer: Mailer, non_passkey_logins: NonPasskeyLogins) -> int:
    """A step of a job: carry out resets whose waiting time is over. Returns their number; 0 when there are no more."""
    user_ids = resets.due(db, limit=BATCH_SIZE)
    for user_id in user_ids:
        if resets.cancel(db, user_id):
            carry_out(db, mailer, db.get_one(User, user_id), non_passkey_logins)
    return len(user_ids)


def carry_out(db: Session, mailer: Mailer, user: User, non_passkey_logins: NonPasskeyLogins) -> None:
    """Remove all second factors of a user, and end all sessions and script logins, which may have been opened with one.

    Password, linked identities and API tokens stay. A user without any of the first two is mailed
    a link for a password.
    """
    factors.remove_all(db, user.id)
    logins.end_logins(db, user.id)
    record(db, Event.FACTORS_RESET, user_id=user.id)
    is_shut_out = not non_passkey_logins.has_one(db, user) and non_passkey_logins.passwords.is_allowed_for(db, user)
    path = recovery.link_for(db, user) if is_shut_out else None
    notices.factors_reset(db, mailer, user, RequestOrigin(now(), None, ""), path=path, within=recovery.LIFETIME)
