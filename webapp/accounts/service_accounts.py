"""Service accounts: users without a way to log in, that hold API tokens and belong to a person or a role."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from webapp.accounts import registration, roles
from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.registration import NewUser
from webapp.audit.log import Event, record

LONGEST_PURPOSE = 200


class OwnerUnfit(Exception):
    """The owner cannot have this service account. The message says why, for operators."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Either a person or a role: everybody who has the role."""

    user: User | None = None
    role: str | None = None

    @property
    def name(self) -> str:
        return self.user.username if self.user else f"role {self.role}"


def create(db: Session, name: str, *, role: str, owner: Owner, purpose: str, origin: str) -> User:
    """Create a service account.

    Args:
        role: what its tokens may be given at most; the owner must have all of it.
        purpose: what it is for, in one line.

    Raises:
        OwnerUnfit
        UserNameUnfit, UserNameTaken
        ValueError: there is no such role.
    """
    require_fit(db, owner, role)
    new = NewUser(username=name, email=None, password_hash="", role=role, is_service=True)
    user = registration.add(db, new, origin=origin)
    db.add(
        ServiceAccount(
            user_id=user.id, owner_id=owner.user.id if owner.user else None, owner_role=owner.role, purpose=purpose
        )
    )
    db.flush()
    record(db, Event.SERVICE_ACCOUNT_MADE, user_id=user.id, owner=owner.name, owner_id=id_of(owner), role=role)
    return user


def hand_over(db: Session, user: User, owner: Owner, *, actor_id: UUID | None = None) -> None:
    """Give a service account another owner; its tokens go on.

    Raises:
        OwnerUnfit
    """
    account = db.get(ServiceAccount, user.id)
    if account is None:
        raise OwnerUnfit(f"{user.username} is not a service account.")
    require_fit(db, owner, user.role)
    former = owner_of(db, account)
    account.owner_id, account.owner_role = owner.user.id if owner.user else None, owner.role
    record(
        db,
        Event.SERVICE_ACCOUNT_HANDED_OVER,
        user_id=user.id,
        actor_id=actor_id,
        former=former.name if former else None,
        owner=owner.name,
        owner_id=id_of(owner),
    )


def require_fit(db: Session, owner: Owner, role: str) -> None:
    """
    Raises:
        OwnerUnfit: it is no active person, or has less than the role of the service account. Otherwise its tokens could
            do what the owner may not.
    """
    if owner.user is not None and (owner.user.is_service or owner.user.disabled_at or owner.user.closes_at):
        raise OwnerUnfit(f"{owner.name} cannot own a service account: it must be an active user who can log in.")
    held = roles.included_in(db, owner.user.role if owner.user else owner.role or "")
    if not held:
        raise OwnerUnfit(f"There is no {owner.name}.")
    if not set(roles.included_in(db, role)) <= set(held):
        raise OwnerUnfit(f"{owner.name} does not have the role {role}, so its tokens must not have it either.")


def owner_of(db: Session, account: ServiceAccount) -> Owner | None:
    """None if its owner was deleted."""
    if account.owner_role is not None:
        return Owner(role=account.owner_role)
    user = db.get(User, account.owner_id) if account.owner_id else None
    return Owner(user) if user else None


def id_of(owner: Owner) -> str | None:
    return str(owner.user.id) if owner.user else None


def of_owner(db: Session, user_id: UUID) -> Sequence[User]:
    """Active service accounts that belong to a person; they stop with that person."""
    owned = select(User).join(ServiceAccount, ServiceAccount.user_id == User.id)
    return db.scalars(
        owned.where(ServiceAccount.owner_id == user_id, User.disabled_at.is_(None)).order_by(User.username_key)
    ).all()


def managed_by(db: Session, user_id: UUID, held: Collection[str]) -> Sequence[tuple[User, ServiceAccount]]:
    """Service accounts that a person may manage.

    Args:
        held: all roles of the person.
    """
    found = select(User, ServiceAccount).join(ServiceAccount, ServiceAccount.user_id == User.id)
    theirs = or_(ServiceAccount.owner_id == user_id, ServiceAccount.owner_role.in_(held))
    return [(user, account) for user, account in db.execute(found.where(theirs).order_by(User.username_key))]


def every(db: Session) -> Sequence[tuple[User, ServiceAccount]]:
    found = select(User, ServiceAccount).join(ServiceAccount, ServiceAccount.user_id == User.id)
    return [(user, account) for user, account in db.execute(found.order_by(User.username_key))]
