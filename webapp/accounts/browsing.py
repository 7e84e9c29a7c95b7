"""Finding users: the one who logs in, and lists for those who may."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.names import key_of


def named(db: Session, name_or_address: str) -> User | None:
    """Whoever has this name or e-mail address; a name wins, and no name contains an @."""
    key = key_of(name_or_address)
    return db.scalar(select(User).where(or_(User.username_key == key, User.email_key == key)))


def everybody(db: Session) -> Sequence[User]:
    return db.scalars(select(User).order_by(User.username_key)).all()


def by_id(db: Session, user_id: UUID) -> User | None:
    return db.get(User, user_id)


def is_unchanged(db: Session, user: User) -> bool:
    """Whether a user may still log in as they were read before; verifying a password takes long enough for a change."""
    as_before = User.id == user.id, User.password_hash == user.password_hash, User.disabled_at.is_(None)
    return db.scalar(select(User.id).where(*as_before)) is not None
