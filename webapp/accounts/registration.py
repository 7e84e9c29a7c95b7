"""Create accounts: the first admin with the setup link, others from the command line and for other modules."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import one_time_links
from webapp.accounts.confusables import skeleton_key
from webapp.accounts.models import User
from webapp.accounts.names import checked_email, checked_name, normalized_key
from webapp.accounts.roles import locked_role, reaching
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import advisory_lock

SETUP = "setup"
# Origins whose user names were chosen by an operator or an identity provider.
CHOSEN_BY_OTHERS = frozenset({"cli", "import", "elsewhere"})


class UserNameTaken(Exception):
    """Another account has this user name, or one that looks like it."""


class EmailTaken(Exception):
    """Another account has this e-mail address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """An account to be created. The password is hashed before the transaction: no writer may wait for a hash."""

    username: str
    email: str | None
    password_hash: str
    role: str = "user"
    is_verified: bool = False
    """Whether the e-mail address is verified: by a link that was mailed there and shown nowhere else, or by an identity
    provider. One that was typed, even by an operator, is not."""
    must_verify: bool = False
    """Whether the user must follow a mailed link before the first login."""
    known_elsewhere_as: str | None = None
    is_service: bool = False
    """Whether it is a service account."""


def add(db: Session, new: NewUser, *, origin: str) -> User:
    """Create an account and write its audit event.

    Args:
        origin: how it came to be, for the audit event: setup, cli, invitation or elsewhere.

    Raises:
        InvalidUserName, InvalidEmail, UserNameTaken, EmailTaken
        ValueError: there is no such role.
    """
    user = prepare(db, new, may_be_email=origin in CHOSEN_BY_OTHERS)
    user.username_skeleton = free_skeleton(db, user.username)
    refuse_emails_of_others(db, username=user.username, email=user.email)
    try:
        with db.begin_nested():
            db.add(user)
    except IntegrityError as error:
        # Which constraint failed is looked up in the table, because databases report it in different ways.
        raise (
            UserNameTaken(user.username)
            if exists(db, User.username_key == user.username_key)
            else EmailTaken(user.email)
        ) from error
    record(db, Event.USER_MADE, user_id=user.id, role=new.role, origin=origin)
    return user


def refuse_emails_of_others(
    db: Session, *, username: str = "", email: str | None = None, of: UUID | None = None
) -> None:
    """Refuse a user name that is another account's e-mail address, and the other way round: who logs in with it must be
    one account.

    Args:
        of: the account that the user name or e-mail address is for, if it exists.

    Raises:
        UserNameTaken, EmailTaken
    """
    for text, column, error_class in (
        (username, User.email_key, UserNameTaken),
        (email or "", User.username_key, EmailTaken),
    ):
        if "@" not in text:
            continue
        key = normalized_key(text)
        # The two columns have no common constraint, so concurrent changes must not pass each other.
        advisory_lock(db, f"e-mail address {key}")
        if exists(db, and_(column == key, User.id != of) if of else column == key):
            raise error_class(text)


def prepare(db: Session, new: NewUser, *, may_be_email: bool = False) -> User:
    """Build the row of a new account, without adding it to the database session.

    Args:
        may_be_email: see ``names.checked_name``.

    Raises:
        InvalidUserName, InvalidEmail
        ValueError: there is no such role.
    """
    if locked_role(db, new.role) is None:
        raise ValueError(new.role)
    name, email = (
        checked_name(new.username, may_be_email=may_be_email),
        checked_email(new.email) if new.email else None,
    )
    return User(
        id=uuid4(),
        username=name,
        username_key=normalized_key(name),
        username_skeleton=skeleton_key(name),
        email=email,
        email_key=normalized_key(email) if email else None,
        password_hash=new.password_hash,
        known_elsewhere_as=new.known_elsewhere_as,
        is_service=new.is_service,
        role=new.role,
        created_at=now(),
        email_verified_at=now() if email and new.is_verified else None,
        verification_required_at=now() if new.must_verify else None,
    )


def is_name_taken(db: Session, name: str) -> bool:
    """Whether an account has this user name or one that looks like it (UTS #39 §4). Locks the name until the
    transaction ends."""
    skeleton = skeleton_key(name)
    advisory_lock(db, f"user name {skeleton}")
    return exists(db, or_(User.username_skeleton == skeleton, User.username_key == normalized_key(name)))


def free_skeleton(db: Session, name: str, *, of: UUID | None = None) -> str:
    """The skeleton of a user name, if no other account has the same (UTS #39 §4).

    Args:
        of: id of the user who is renamed; their own skeleton does not count.

    Raises:
        UserNameTaken
    """
    skeleton = skeleton_key(name)
    # Locked, because PostgreSQL could commit two look-alikes at once: skeletons have no unique constraint.
    advisory_lock(db, f"user name {skeleton}")
    if exists(
        db, and_(User.username_skeleton == skeleton, User.id != of) if of else User.username_skeleton == skeleton
    ):
        raise UserNameTaken(name)
    return skeleton


def exists(db: Session, condition: object) -> bool:
    return db.scalar(select(User.id).where(condition)) is not None  # type: ignore[arg-type]


def has_no_administrator(db: Session) -> bool:
    """Whether there is no administrator yet. Until there is one, nobody can register except with the setup link."""
    return not exists(db, User.role.in_(reaching(db, "admin")))


def create_first_admin(db: Session, secret: str, new: NewUser) -> User:
    """Create the first super admin, with the setup link.

    Returns:
        The user.

    Raises:
        LinkDead: the link does not work, or was used meanwhile.
        InvalidUserName, InvalidEmail, UserNameTaken, EmailTaken
    """
    if not one_time_links.spend(db, SETUP, secret) or not has_no_administrator(db):
        raise one_time_links.LinkDead
    user = add(db, new, origin="setup")
    record(db, Event.SITE_OPENED, user_id=user.id)
    return user
