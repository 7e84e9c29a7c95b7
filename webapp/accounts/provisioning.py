"""Those who are known elsewhere: an account at their first login, and the same one ever after."""

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import registration
from webapp.accounts.identity import Identity
from webapp.accounts.models import User
from webapp.accounts.names import EmailUnfit, UserNameUnfit, checked_name, key_of
from webapp.accounts.profile import checked_display_name
from webapp.accounts.registration import EmailTaken, NewUser, UserNameTaken, free_skeleton
from webapp.audit.log import Event, record
from webapp.core.translation import _

LONGEST_KEY = 200


class NoAccountPossible(Exception):
    """Somebody is who they say, and can have no account here; the message is for them."""


def account_of(db: Session, identity: Identity) -> User:
    """
    Raises:
        NoPlace
    """
    name, address = identity.username, identity.email
    try:
        user = known_as(db, identity.key)
        return follow(db, user, name) if user else make(db, identity)
    except UserNameTaken as error:
        raise NoAccountPossible(_("The user name %(name)s belongs to another account here.", name=name)) from error
    except EmailTaken as error:
        raise NoAccountPossible(
            _("The e-mail address %(address)s belongs to another account here.", address=address)
        ) from error
    except (UserNameUnfit, EmailUnfit) as error:
        unfit = _("%(name)s cannot be used as a user name here.", name=name)
        raise NoAccountPossible(f"{unfit} {error}") from error


def known_as(db: Session, key: str) -> User | None:
    return db.scalar(select(User).where(User.known_elsewhere_as == key))


def follow(db: Session, user: User, name: str) -> User:
    """Their account, under the name that they have there now; the rest of it is theirs to change."""
    former, name = user.username, checked_name(name)
    if key_of(former) == key_of(name):
        return user
    skeleton = free_skeleton(db, name, of=user.id)
    try:
        with db.begin_nested():
            user.username, user.username_key, user.username_skeleton = name, key_of(name), skeleton
    except IntegrityError as error:
        raise UserNameTaken(name) from error
    record(db, Event.USER_RENAMED, user_id=user.id, former=former, name=name)
    return user


def make(db: Session, identity: Identity) -> User:
    if len(identity.key) > LONGEST_KEY:
        raise UserNameUnfit(
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
        # Somebody may have come twice at once: then the other one has made it.
        if (other := known_as(db, identity.key)) is None:
            raise
        return other
    user.display_name = checked_display_name(identity.display_name)
    db.flush()
    # What the database filled in is needed when this transaction is over.
    db.refresh(user)
    return user
