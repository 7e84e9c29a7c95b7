"""Service accounts: users without a way to log in, that hold API tokens and belong to a person or a role."""

from uuid import UUID

from sqlalchemy.orm import Session

from webapp.accounts import lifecycle, registration
from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.registration import NewUser
from webapp.accounts.service_rules import InvalidServiceOwner, Owner, owner_of, require_fit
from webapp.audit.log import Event, record
from webapp.core.translation import _

LONGEST_PURPOSE = 200


def create(
    db: Session, name: str, *, role: str, owner: Owner, purpose: str, origin: str, actor_id: UUID | None = None
) -> User:
    """Create a service account.

    Args:
        role: what its tokens may be given at most; the owner must have all of it.
        purpose: what it is for, in one line.

    Raises:
        InvalidServiceOwner
        InvalidUserName, UserNameTaken
        ValueError: there is no such role.
    """
    owner = locked(db, owner)
    require_fit(db, owner, role)
    new = NewUser(username=name, email=None, password_hash="", role=role, is_service=True)
    user = registration.add(db, new, origin=origin)
    db.add(
        ServiceAccount(
            user_id=user.id, owner_id=owner.user.id if owner.user else None, owner_role=owner.role, purpose=purpose
        )
    )
    db.flush()
    record(db, Event.SERVICE_ACCOUNT_MADE, user_id=user.id, actor_id=actor_id, role=role, **owner.facts)
    return user


def hand_over(
    db: Session, user: User, owner: Owner, *, actor_id: UUID | None = None, reason: str | None = None
) -> None:
    """Give a service account another owner; its tokens go on.

    Raises:
        InvalidServiceOwner
    """
    owner = locked(db, owner, user)
    account, former = db.get(ServiceAccount, user.id, populate_existing=True), owner_of(db, user.id)
    if account is None:
        raise InvalidServiceOwner(_("%(username)s is not a service account.", username=user.username))
    require_fit(db, owner, user.role)
    account.owner_id, account.owner_role = owner.user.id if owner.user else None, owner.role
    record(
        db,
        Event.SERVICE_ACCOUNT_HANDED_OVER,
        user_id=user.id,
        actor_id=actor_id,
        former=former.name if former else None,
        reason=reason,
        **owner.facts,
    )


def locked(db: Session, owner: Owner, *others: User) -> Owner:
    """Lock the users behind an owner, and other users, until the transaction ends.

    Raises:
        InvalidServiceOwner: the owner, or one of the others, was deleted.
    """
    user_ids = {user.id for user in (owner.user, *others) if user is not None}
    if len(lifecycle.lock_user(db, user_ids)) < len(user_ids):
        raise InvalidServiceOwner(_("%(owner)s was deleted.", owner=owner.name))
    return owner
