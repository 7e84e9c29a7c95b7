"""Accounts of an identity provider's users: created at the first login, found again at later ones."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import provider_roles, registration
from webapp.accounts.models import User
from webapp.accounts.names import InvalidEmail, InvalidUserName, checked_name, normalized_key
from webapp.accounts.password_backend import Identity
from webapp.accounts.profile import display_name_if_fit
from webapp.accounts.registration import EmailTaken, NewUser, UserNameTaken, free_skeleton, refuse_emails_of_others
from webapp.audit.log import Event, record
from webapp.core.translation import _

LONGEST_KEY = 200


class NoAccountPossible(Exception):
    """The password was right, but an account cannot be created or found. The message is for the person who logs in."""


def account_of(db: Session, identity: Identity) -> User:
    """The account of an identity, created at the first login and renamed if its name changed at the provider.

    Its role follows the groups there, if those give roles.

    Raises:
        NoAccountPossible
    """
    name, email = identity.username, identity.email
    try:
        user = find_by_key(db, identity.key)
        user = apply_rename(db, user, name) if user else create_account(db, identity)
    except UserNameTaken as error:
        raise NoAccountPossible(_("The user name %(name)s belongs to another account here.", name=name)) from error
    except EmailTaken as error:
        raise NoAccountPossible(
            _("The e-mail address %(email)s belongs to another account here.", email=email)
        ) from error
    except (InvalidUserName, InvalidEmail) as error:
        problem = _("%(name)s cannot be used as a user name here.", name=name)
        raise NoAccountPossible(f"{problem} {error}") from error
    if identity.role is not None:
        user.provider_role = provider_roles.apply_role(
            db, user, identity.role or None, user.provider_role, provider="identity provider"
        )
    return user


def find_by_key(db: Session, key: str) -> User | None:
    """The account that is linked to this key of the provider."""
    return db.scalar(select(User).where(User.known_elsewhere_as == key))


def apply_rename(db: Session, user: User, name: str) -> User:
    """Apply a user name that was changed at the provider; the other fields of the profile belong to the user."""
    former, name = user.username, checked_name(name, may_be_email=True)
    if normalized_key(former) == normalized_key(name):
        return user
    skeleton = free_skeleton(db, name, of=user.id)
    refuse_emails_of_others(db, username=name, of=user.id)
    try:
        with db.begin_nested():
            user.username, user.username_key, user.username_skeleton = name, normalized_key(name), skeleton
    except IntegrityError as error:
        raise UserNameTaken(name) from error
    record(db, Event.USER_RENAMED, user_id=user.id, former=former, name=name)
    return user


def create_account(db: Session, identity: Identity) -> User:
    if len(identity.key) > LONGEST_KEY:
        raise InvalidUserName(
            _("The identifier at the identity provider is longer than %(most)s characters.", most=LONGEST_KEY)
        )
    new = NewUser(
        username=identity.username,
        email=identity.email,
        password_hash="",
        is_verified=identity.email_verified,
        known_elsewhere_as=identity.key,
    )
    try:
        user = registration.add(db, new, origin="elsewhere")
    except UserNameTaken:
        # Two logins may be concurrent; then the other one has created the account.
        if (other := find_by_key(db, identity.key)) is None:
            raise
        return other
    user.display_name = display_name_if_fit(identity.display_name)
    db.flush()
    # Columns that the database filled in are needed after this transaction.
    db.refresh(user)
    return user
