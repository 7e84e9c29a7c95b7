"""Link an account to the identity provider, which then verifies its password, or give it a local password again."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import ended_credentials, lifecycle
from webapp.accounts.ended_credentials import EndedCredentials
from webapp.accounts.models import User
from webapp.accounts.names import normalized_key
from webapp.accounts.roles import reaching
from webapp.accounts.service_rules import require_login
from webapp.audit.log import Event, record
from webapp.core.clock import now


class AlreadyLinked(Exception):
    """The account is already linked, or already has a local password. The message is the key or the user name."""


class KeyTaken(Exception):
    """Another account is linked to this identity."""


def link_to_provider(db: Session, user: User, key: str | None = None) -> str:
    """Link an account to the identity provider: forget its password and end its logins.

    Args:
        key: identifier of the user at the provider; default: the normalized user name.

    Returns:
        The key.

    Raises:
        AlreadyLinked: the account is linked already.
        KeyTaken: another account is linked to this key.
        ServiceAccountCannotLogIn: it is a service account.
    """
    require_login(user)
    if user.known_elsewhere_as is not None:
        raise AlreadyLinked(user.known_elsewhere_as)
    key = key or normalized_key(user.username)
    try:
        with db.begin_nested():
            user.known_elsewhere_as = key
    except IntegrityError as error:
        raise KeyTaken(key) from error
    # Trusted browsers and mailed links were obtained with the local password, so they end with it.
    user.password_hash, user.password_changed_at, user.failed_logins = "", now(), 0
    ended = ended_credentials.end_logins(db, user.id)
    record(db, Event.IDENTITY_LINKED, user_id=user.id, known_as=key, **ended.facts)
    return key


def set_local_password(db: Session, user: User, password_hash: str) -> EndedCredentials:
    """Give a linked account a local password and unlink it. Its logins end, its API tokens stay.

    Raises:
        AlreadyLinked: the account is not linked.
    """
    if user.known_elsewhere_as is None:
        raise AlreadyLinked(user.username)
    former, user.known_elsewhere_as, user.provider_role = user.known_elsewhere_as, None, None
    record(db, Event.IDENTITY_UNLINKED, user_id=user.id, known_as=former)
    return lifecycle.set_password(db, user, password_hash)


def is_last_with_password(db: Session, user: User) -> bool:
    """Whether this is the last super admin with a local password, without whom nobody could administer the site while
    the identity provider is down."""
    holders = reaching(db, "super_admin")
    other_holders = User.id != user.id, User.role.in_(holders), User.known_elsewhere_as.is_(None)
    can_log_in = User.is_service.is_(False), User.disabled_at.is_(None), User.closes_at.is_(None)
    return user.role in holders and db.scalar(select(User.id).where(*other_holders, *can_log_in).limit(1)) is None
