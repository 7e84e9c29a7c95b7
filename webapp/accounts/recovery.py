"""Forgotten password: ask for a link, and set a new one by it."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts import lifecycle, notices, one_time_links, user_queries
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.lifecycle import PasswordElsewhere
from webapp.accounts.models import Link, User
from webapp.accounts.names import key_of
from webapp.accounts.notices import Circumstances
from webapp.accounts.one_time_links import LinkDead
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.mail import outbox
from webapp.mail.mailer import Mailer
from webapp.tokens import lifecycle as tokens
from webapp.tokens import script_logins

RESET = "reset"
LIFETIME = timedelta(minutes=30)
NOBODY = UUID(int=0)


def reachable(db: Session, identifier: str) -> User | None:
    """Whoever has this name or address, if a link may be sent to them."""
    user = user_queries.by_name_or_email(db, identifier)
    if user is None or user.is_known_elsewhere:
        return None
    return user if user.disabled_at is None and user.email is not None else None


def nobody() -> User:
    """In the place of a user where there is none: what is done for them costs the same and reaches nobody.

    Never added to a database session. A mail to no address is thrown away by the sender, and links without a user open
    nothing.
    """
    return User(id=None, username="somebody", email=outbox.NO_ADDRESS)


def link_for(db: Session, user: User, *, is_shown: bool = False, replaces: bool = False) -> str:
    """Path of a page that sets a new password. Links before it go on working, until one of them is used.

    Args:
        replaces: whether links before it stop working, as an operator may want.
        is_shown: whether anybody sees it but whoever reads the mails of its owner; then using it proves no address.

    Raises:
        PasswordElsewhere
    """
    if user.is_known_elsewhere:
        raise PasswordElsewhere(user.username)
    facts, keeps = {one_time_links.SHOWN: is_shown}, 0 if replaces else one_time_links.SIDE_BY_SIDE - 1
    secret = one_time_links.make(db, RESET, LIFETIME, user_id=user.id, address=user.email, facts=facts, keeps=keeps)
    return f"/reset/{secret}"


def send_link(
    db: Session, post: Mailer, user: User, here: Circumstances, *, ended: EndedCredentials | None = None
) -> None:
    """
    Args:
        ended: what was ended with it, where somebody has just said that it was not them.
    """
    record(db, Event.RESET_ASKED, user_id=user.id)
    notices.reset_asked(
        db, post, user, here, path=link_for(db, user, is_shown=not post.can_mail), lifetime=LIFETIME, ended=ended
    )


def user_of_link(db: Session, secret: str) -> User:
    """Whose password this link sets.

    Raises:
        LinkDead
    """
    link = one_time_links.find(db, RESET, secret)
    if link is None:
        raise LinkDead
    return owner_of(db, link)


def reset(
    db: Session, post: Mailer, secret: str, password_hash: str, here: Circumstances, *, revokes_tokens: bool
) -> EndedCredentials:
    """A new password; every login ends, by browsers and by scripts, and every API token unless those are to stay.

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
    notices.password_reset(db, post, user, here, ended=ended)
    return ended


def would_end(db: Session, user_id: UUID) -> EndedCredentials:
    """What a new password ends, for the page that asks for it; all API tokens are among what may be kept."""
    return EndedCredentials(
        sessions=len(credentials.live(db, user_id, "session")),
        script_logins=len(script_logins.live(db, user_id)),
        tokens=0,
        tokens_kept=tokens.live_count(db, user_id),
    )


def owner_of(db: Session, link: Link) -> User:
    user = db.scalar(select(User).where(User.id == link.user_id)) if isinstance(link.user_id, UUID) else None
    if user is None or user.disabled_at is not None or not is_still(user, link):
        raise LinkDead
    if user.password_changed_at is not None and user.password_changed_at >= link.created_at:
        raise LinkDead
    return user


def is_still(user: User, link: Link) -> bool:
    """Whether the account has the address that the link was mailed to."""
    return user.email_key == (key_of(link.address) if link.address else None)
