"""Security mails: what happened, when, from where and with what; and a link that ends it without a login.

Views make ``Circumstances``; each function here is called in the transaction of the change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import one_time_links
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import User
from webapp.accounts.one_time_links import NOT_ME
from webapp.mail.mailer import Mailer

LIFETIME = timedelta(days=7)
# What such a link stops, rather than ends.
RESET_ASKED, RESET_BEGUN = "reset_password", "factors_reset_begun"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Under what circumstances something happens."""

    at: datetime
    address: str | None
    device: str
    """Browser and system, or what a script calls itself; translated when it becomes a string."""


def new_login(db: Session, post: Mailer, user: User, here: Circumstances, *, credential_id: UUID) -> None:
    """A login with a browser that was not seen before."""
    send_notice(db, post, user, here, "new_login", credential_id=str(credential_id))


def new_script_login(db: Session, post: Mailer, user: User, here: Circumstances, *, credential_id: UUID) -> None:
    """A login of a script that was not seen before, or not from there."""
    send_notice(db, post, user, here, "new_script_login", credential_id=str(credential_id))


def password_changed(db: Session, post: Mailer, user: User, here: Circumstances, *, ended: EndedCredentials) -> None:
    send_notice(db, post, user, here, "password_changed", said={"ended": ended})


def password_reset(db: Session, post: Mailer, user: User, here: Circumstances, *, ended: EndedCredentials) -> None:
    """A new password by a mailed link."""
    send_notice(db, post, user, here, "password_reset", said={"ended": ended})


def name_changed(db: Session, post: Mailer, user: User, here: Circumstances, *, former: str) -> None:
    send_notice(db, post, user, here, "name_changed", said={"former": former}, former=former)


def everything_ended(db: Session, post: Mailer, user: User, here: Circumstances, *, ended: EndedCredentials) -> None:
    """With the button that ends all access."""
    send_notice(db, post, user, here, "everything_ended", said={"ended": ended})


def account_closed(db: Session, post: Mailer, user: User, here: Circumstances, *, closes_at: datetime) -> None:
    """The link opens it again, as long as that can be done."""
    send_notice(db, post, user, here, "account_closed", said={"closes_at": closes_at}, lifetime=closes_at - here.at)


def reset_asked(
    db: Session,
    post: Mailer,
    user: User,
    here: Circumstances,
    *,
    path: str,
    lifetime: timedelta,
    ended: EndedCredentials | None = None,
) -> None:
    """With a link to a new password, and one that cancels it."""
    said = {"path": path, "ended": ended}
    send_notice(db, post, user, here, RESET_ASKED, said=said, lifetime=lifetime)


def factors_changed(db: Session, post: Mailer, user: User, here: Circumstances, *, change: str) -> None:
    """
    Args:
        change: a sentence, translated when it becomes a string.
    """
    send_notice(db, post, user, here, "factors_changed", said={"change": change})


def recovery_code_used(db: Session, post: Mailer, user: User, here: Circumstances, *, left: int) -> None:
    send_notice(db, post, user, here, "recovery_code_used", said={"left": left})


def code_refused(db: Session, post: Mailer, user: User, here: Circumstances, *, is_locked: bool) -> None:
    """A wrong code after the right password.

    Args:
        is_locked: whether so many came in a row that codes of the app are not accepted any more.
    """
    send_notice(db, post, user, here, "code_refused", said={"is_locked": is_locked})


def passkey_behind(db: Session, post: Mailer, user: User, here: Circumstances, *, name: str) -> None:
    """A passkey that may have been copied."""
    send_notice(db, post, user, here, "passkey_behind", said={"name": name})


def factors_reset_begun(
    db: Session,
    post: Mailer,
    user: User,
    here: Circumstances,
    *,
    actor: str,
    reason: str,
    due_at: datetime,
    wait: timedelta,
) -> None:
    """A reset that can be stopped until it is due; the link works as long."""
    said = {"actor": actor, "reason": reason, "due_at": due_at}
    send_notice(db, post, user, here, RESET_BEGUN, said=said, lifetime=max(LIFETIME, wait))


def factors_reset(
    db: Session, post: Mailer, user: User, here: Circumstances, *, path: str | None, within: timedelta
) -> None:
    """
    Args:
        path: where a password is set, for those who had none.
    """
    send_notice(db, post, user, here, "factors_reset", said={"path": path, "within": within})


def send_notice(
    db: Session,
    post: Mailer,
    user: User,
    here: Circumstances,
    kind: str,
    *,
    said: Mapping[str, object] | None = None,
    lifetime: timedelta = LIFETIME,
    **about: str,
) -> None:
    """Nothing is sent without an e-mail address; the event is still in their activity.

    Args:
        said: what its template needs besides.
        about: what the link is to end.
    """
    if user.email is None:
        return
    facts = {"what": kind, "since": here.at.isoformat()} | about
    secret = one_time_links.make(db, NOT_ME, lifetime, user_id=user.id, address=user.email, facts=facts, replaces=False)
    post.send(
        db,
        kind,
        user.email,
        user_id=user.id,
        username=user.username,
        here=here,
        link=f"/not-me/{secret}",
        lifetime=lifetime,
        is_elsewhere=user.is_known_elsewhere,
        **(said or {}),
    )
