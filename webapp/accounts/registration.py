"""How an account comes to be: by the setup link for the first admin, by the command line for others."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import one_time_links
from webapp.accounts.confusables import skeleton_key
from webapp.accounts.models import User
from webapp.accounts.names import checked_address, checked_name, key_of
from webapp.accounts.roles import locked_role, reaching
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.db import alone

SETUP = "setup"


class UserNameTaken(Exception):
    pass


class EmailTaken(Exception):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """``password_hash`` was made before the transaction: hashing takes longer than a writer may wait."""

    username: str
    email: str | None
    password_hash: str
    role: str = "user"
    is_verified: bool = False
    """Whether a link that was mailed to the e-mail address and shown nowhere else made the account, or an identity
    provider vouches for the address. What somebody typed, an operator included, is not verified."""
    must_verify: bool = False
    """Whether nobody vouches for the person either: they cannot log in before they follow a mailed link."""
    known_elsewhere_as: str | None = None


def add(db: Session, new: NewUser, *, origin: str) -> User:
    """An account.

    Raises:
        NameUnfit, AddressUnfit, NameTaken, AddressTaken
        ValueError: there is no such role.
    """
    user = prepare(db, new)
    user.username_skeleton = free_skeleton(db, user.username)
    try:
        with db.begin_nested():
            db.add(user)
    except IntegrityError as error:
        # The constraint spoke; which one it was is asked of the table, because databases name it in their own ways.
        raise (
            UserNameTaken(user.username)
            if exists(db, User.username_key == user.username_key)
            else EmailTaken(user.email)
        ) from error
    record(db, Event.USER_MADE, user_id=user.id, role=new.role, origin=origin)
    return user


def prepare(db: Session, new: NewUser) -> User:
    """The row of a new account, not yet added to the database session.

    Raises:
        UserNameUnfit, EmailUnfit
        ValueError: there is no such role.
    """
    if locked_role(db, new.role) is None:
        raise ValueError(new.role)
    name, email = checked_name(new.username), checked_address(new.email) if new.email else None
    return User(
        id=uuid4(),
        username=name,
        username_key=key_of(name),
        username_skeleton=skeleton_key(name),
        email=email,
        email_key=key_of(email) if email else None,
        password_hash=new.password_hash,
        known_elsewhere_as=new.known_elsewhere_as,
        role=new.role,
        created_at=now(),
        email_verified_at=now() if email and new.is_verified else None,
        verification_required_at=now() if new.must_verify else None,
    )


def is_name_taken(db: Session, name: str) -> bool:
    """Whether an account has this user name or one that looks like it (UTS #39 §4); nobody else takes it meanwhile."""
    skeleton = skeleton_key(name)
    alone(db, f"user name {skeleton}")
    return exists(db, or_(User.username_skeleton == skeleton, User.username_key == key_of(name)))


def free_skeleton(db: Session, name: str, *, of: UUID | None = None) -> str:
    """The skeleton of a name that looks like nobody else's (UTS #39 §4).

    Args:
        of: whose name it will be; what they are called now does not count.

    Raises:
        NameTaken
    """
    skeleton = skeleton_key(name)
    # On PostgreSQL two look-alikes could come at once, and no constraint tells them apart.
    alone(db, f"user name {skeleton}")
    if exists(
        db, and_(User.username_skeleton == skeleton, User.id != of) if of else User.username_skeleton == skeleton
    ):
        raise UserNameTaken(name)
    return skeleton


def exists(db: Session, condition: object) -> bool:
    return db.scalar(select(User.id).where(condition)) is not None  # type: ignore[arg-type]


def is_unkept(db: Session) -> bool:
    """Whether nobody looks after others yet: people who register before the first admin does take nobody's place."""
    return not exists(db, User.role.in_(reaching(db, "admin")))


def create_first_admin(db: Session, secret: str, new: NewUser) -> UUID:
    """Create the first super admin, with the setup link.

    Raises:
        LinkDead: or somebody was quicker.
        NameUnfit, AddressUnfit, NameTaken, AddressTaken
    """
    if not one_time_links.spend(db, SETUP, secret) or not is_unkept(db):
        raise one_time_links.LinkDead
    user = add(db, new, origin="setup")
    record(db, Event.SITE_OPENED, user_id=user.id)
    return user.id
