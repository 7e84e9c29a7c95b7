"""Move the password of a user to the identity provider, or back to this site."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import ended_credentials, lifecycle
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import User
from webapp.accounts.names import key_of
from webapp.accounts.roles import reaching
from webapp.audit.log import Event, record
from webapp.core.clock import now


class MovedAlready(Exception):
    """It is kept there; by what it is known there is the message."""


class KeyTaken(Exception):
    """Somebody else here is known by that."""


def elsewhere(db: Session, user: User, key: str | None = None) -> str:
    """Forget the password of a user, and ask the provider from the next login on. Their logins end.

    Args:
        key: by what they are known there; without, by their name.

    Returns:
        The key.

    Raises:
        MovedAlready, KeyTaken
    """
    if user.known_elsewhere_as is not None:
        raise MovedAlready(user.known_elsewhere_as)
    key = key or key_of(user.username)
    try:
        with db.begin_nested():
            user.known_elsewhere_as = key
    except IntegrityError as error:
        raise KeyTaken(key) from error
    # Marks and links from before are no better than what their owner could know then.
    user.password_hash, user.password_changed_at, user.failed_logins = "", now(), 0
    ended = ended_credentials.end_logins(db, user.id)
    record(db, Event.IDENTITY_LINKED, user_id=user.id, known_as=key, **ended.facts)
    return key


def set_local_password(db: Session, user: User, password_hash: str) -> EndedCredentials:
    """Give a user a password of ours, and ask the provider no more. Their logins end, their API tokens stay.

    Raises:
        MovedAlready
    """
    if user.known_elsewhere_as is None:
        raise MovedAlready(user.username)
    former, user.known_elsewhere_as = user.known_elsewhere_as, None
    record(db, Event.IDENTITY_UNLINKED, user_id=user.id, known_as=former)
    return lifecycle.set_password(db, user, password_hash)


def is_last_with_password(db: Session, user: User) -> bool:
    """Whether nobody else who can let others in would get in while the provider is down."""
    holders = reaching(db, "super_admin")
    others = User.id != user.id, User.role.in_(holders), User.known_elsewhere_as.is_(None)
    able = User.disabled_at.is_(None), User.closes_at.is_(None)
    return user.role in holders and db.scalar(select(User.id).where(*others, *able).limit(1)) is None
