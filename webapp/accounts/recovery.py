"""Password recovery: mail a link, and set a new password with it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts import lifecycle, notices, one_time_links, user_queries
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.lifecycle import PasswordManagedExternally
from webapp.accounts.models import Link, User
from webapp.accounts.names import normalized_key
from webapp.accounts.notices import RequestOrigin
from webapp.accounts.one_time_links import LinkDead
from webapp.accounts.password_login_policy import PasswordLoginPolicy
from webapp.accounts.service_rules import require_login
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials.live_counts import live_counts_of
from webapp.mail import outbox
from webapp.mail.mailer import Mailer

RESET = "reset"
LIFETIME = timedelta(minutes=30)
NOBODY = UUID(int=0)


def reachable(db: Session, identifier: str, passwords: PasswordLoginPolicy) -> User | None:
    """The user with this name or e-mail address, if a link may be mailed to them."""
    user = user_queries.by_name_or_email(db, identifier)
    if user is None or user.has_external_identity or user.is_service:
        return None
    return user if user.disabled_at is None and user.email is not None and passwords.is_allowed_for(db, user) else None


def placeholder_user() -> User:
    """A placeholder for an unknown user, so that the same work is done as for a known one.

    It is never added to a database session. Its mail, without an e-mail address, is discarded by the sender, and links
    without a user cannot be used.
    """
    return User(id=None, username="somebody", email=outbox.NO_EMAIL)


def link_for(db: Session, user: User, *, is_shown: bool = False, replaces: bool = False) -> str:
    """Create a link that sets a new password. Earlier links go on working until one of them is used.

    Args:
        replaces: whether earlier links stop working, as when an operator creates one.
        is_shown: whether the link is also shown outside the user's mailbox; then using it does not verify the
            e-mail address.

    Returns:
        The path of the page, with the secret.

    Raises:
        PasswordManagedExternally: an identity provider verifies the password.
        ServiceAccountCannotLogIn: it is a service account.
    """
    require_login(user)
    if user.has_external_identity:
        raise PasswordManagedExternally(user.username)
    facts, keep_newest = {one_time_links.IS_SHOWN: is_shown}, 0 if replaces else one_time_links.SIDE_BY_SIDE - 1
    secret = one_time_links.create(
        db, RESET, LIFETIME, user_id=user.id, email=user.email, facts=facts, keep_newest=keep_newest
    )
    return f"/reset/{secret}"


def send_link(
    db: Session,
    mailer: Mailer,
    user: User,
    circumstances: RequestOrigin,
    *,
    ended: EndedCredentials | None = None,
) -> None:
    """Mail a link that sets a new password.

    Args:
        ended: what was ended along with it, if the user had just followed a "This wasn't me" link.
    """
    record(db, Event.RESET_ASKED, user_id=user.id)
    notices.reset_requested(
        db,
        mailer,
        user,
        circumstances,
        path=link_for(db, user, is_shown=not mailer.can_mail),
        lifetime=LIFETIME,
        ended=ended,
    )


def user_of_link(db: Session, secret: str) -> User:
    """The user whose password a link sets.

    Raises:
        LinkDead
    """
    link = one_time_links.find(db, RESET, secret)
    if link is None:
        raise LinkDead
    return owner_of(db, link)


def reset(
    db: Session,
    mailer: Mailer,
    secret: str,
    password_hash: str,
    circumstances: RequestOrigin,
    *,
    revokes_tokens: bool,
) -> EndedCredentials:
    """Set a new password with a mailed link, and end all sessions and script logins.

    Args:
        secret: of the link.
        password_hash: of the new password.
        revokes_tokens: whether API tokens are revoked as well.

    Raises:
        LinkDead
    """
    link = one_time_links.spend(db, RESET, secret)
    if link is None:
        raise LinkDead
    user = owner_of(db, link)
    ended = lifecycle.set_password(db, user, password_hash, revokes_tokens=revokes_tokens)
    if user.email_verified_at is None and one_time_links.verifies(link):
        user.verify_email(now())
    record(db, Event.RESET_DONE, user_id=user.id)
    notices.password_reset(db, mailer, user, circumstances, ended=ended)
    return ended


def would_end(db: Session, user_id: UUID) -> EndedCredentials:
    """What a password reset would end, for the page with the form; API tokens are counted as kept."""
    live = live_counts_of(db, user_id)
    return EndedCredentials(sessions=live.sessions, script_logins=live.script_logins, tokens=0, tokens_kept=live.tokens)


def owner_of(db: Session, link: Link) -> User:
    user = db.scalar(select(User).where(User.id == link.user_id)) if isinstance(link.user_id, UUID) else None
    if user is None or user.disabled_at is not None or not has_email_of(user, link):
        raise LinkDead
    if user.password_changed_at is not None and user.password_changed_at >= link.created_at:
        raise LinkDead
    return user


def has_email_of(user: User, link: Link) -> bool:
    """Whether the account still has the e-mail address that the link was mailed to."""
    return user.email_key == (normalized_key(link.email) if link.email else None)
