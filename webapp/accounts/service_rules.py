"""Rules of service accounts: they get no way to log in, and never have more than their owner."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from webapp.accounts import role_closures
from webapp.accounts.models import ServiceAccount, User
from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.core.humanize import humanize
from webapp.core.translation import _
from webapp.credentials import lifecycle as credentials


class ServiceAccountCannotLogIn(Exception):
    """It is a service account, which has no way to log in and is not given any."""


class InvalidServiceOwner(Exception):
    """The owner cannot have this service account. The message says why."""


class OwnerProblem(StrEnum):
    """Why an owner cannot have a service account."""

    MISSING = "missing"
    """There is no owner, or the role does not exist."""
    INACTIVE = "inactive"
    """The person is disabled, has closed their account or cannot log in."""
    LACKS_ROLE = "lacks_role"
    """The service account may do what its owner may not."""
    NOBODY = "nobody"
    """No active user has the role that owns it. It goes on, but lists show it."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Either a person or a role: everybody who has the role."""

    user: User | None = None
    role: str | None = None

    @property
    def name(self) -> str:
        return self.user.username if self.user else f"role {self.role}"

    @property
    def label(self) -> str:
        """Its name at the beginning of a sentence."""
        return self.user.username if self.user else _("The role %(role)s", role=humanize(self.role))

    @property
    def facts(self) -> dict[str, Any]:
        """Details of audit events."""
        return {"owner": self.name, "owner_id": str(self.user.id) if self.user else None, "owner_role": self.role}


def require_login(user: User) -> None:
    """Require a user who can log in, so not a service account.

    Raises:
        ServiceAccountCannotLogIn
    """
    if user.is_service:
        raise ServiceAccountCannotLogIn(user.username)


def is_active_person(user: User) -> bool:
    """Whether somebody can log in as this user."""
    is_out = user.disabled_at or user.closes_at or user.verification_required_at
    return not user.is_service and not is_out


def problem_of(owner: Owner | None, role: str, closures: Mapping[str, Collection[str]]) -> OwnerProblem | None:
    """Why an owner cannot have a service account with this role; None if it can.

    Args:
        closures: all roles that each role includes, itself among them.
    """
    if owner is None:
        return OwnerProblem.MISSING
    if owner.user is not None and not is_active_person(owner.user):
        return OwnerProblem.INACTIVE
    owner_roles = closures.get(owner.user.role if owner.user else owner.role or "", ())
    if not owner_roles:
        return OwnerProblem.MISSING
    return None if role in closures and set(closures[role]) <= set(owner_roles) else OwnerProblem.LACKS_ROLE


def require_fit(db: Session, owner: Owner | None, role: str) -> None:
    """Check that an owner may own a service account with this role; call it with ``role_closures.lock``.

    Raises:
        InvalidServiceOwner: the owner is not active, or has less than the role of the service account. Otherwise its
            tokens could do what the owner may not.
    """
    problem, name = problem_of(owner, role, role_closures.current(db)), owner.label if owner else ""
    if problem is OwnerProblem.LACKS_ROLE:
        names = {"owner": name, "role": humanize(role)}
        raise InvalidServiceOwner(
            _("%(owner)s does not have the role %(role)s, so its tokens must not have it either.", **names)
        )
    if problem is OwnerProblem.INACTIVE:
        detail = _("%(owner)s cannot own a service account: it must be an active user who can log in.", owner=name)
        raise InvalidServiceOwner(detail)
    if problem is OwnerProblem.MISSING:
        raise InvalidServiceOwner(_("It has no owner. Hand it over first."))


def require_owner(db: Session, user: User, role: str) -> None:
    """Check that the owner of a service account may still own it if its role becomes this one.

    Raises:
        InvalidServiceOwner: a service account cannot have this role with its present owner.
    """
    if user.is_service:
        require_fit(db, owner_of(db, user.id), role)


def owner_of(db: Session, user_id: UUID) -> Owner | None:
    """The owner of a service account; None for other users, or if the owner was deleted."""
    found = db.get(ServiceAccount, user_id, populate_existing=True)
    if found is None:
        return None
    return owner_from(found, db.get(User, found.owner_id) if found.owner_id else None)


def owner_from(account: ServiceAccount, person: User | None) -> Owner | None:
    if account.owner_role is not None:
        return Owner(role=account.owner_role)
    return Owner(person) if person else None


def recheck(db: Session, *, owner_id: UUID | None = None) -> None:
    """Disable the service accounts that their owners cannot have any more, and revoke their tokens.

    Args:
        owner_id: only those of this person, whose state or role has changed.
    """
    db.flush()
    person = aliased(User)
    found = (
        select(User, ServiceAccount, person)
        .join(ServiceAccount, ServiceAccount.user_id == User.id)
        .outerjoin(person, person.id == ServiceAccount.owner_id)
        .where(User.disabled_at.is_(None))
        .order_by(User.id)
    )
    found = found.where(ServiceAccount.owner_id == owner_id) if owner_id else found
    rows, closures = db.execute(found).all(), role_closures.current(db)
    for user, account, owner in rows:
        stop_service_account(
            db, user, owned_by := owner_from(account, owner), problem_of(owned_by, user.role, closures)
        )


def stop_all(db: Session, owner: User) -> None:
    """Disable the service accounts of a person who is deleted."""
    owned_services = select(User).join(ServiceAccount, ServiceAccount.user_id == User.id)
    for user in db.scalars(owned_services.where(ServiceAccount.owner_id == owner.id, User.disabled_at.is_(None))).all():
        stop_service_account(db, user, Owner(owner), OwnerProblem.INACTIVE)


def stop_service_account(db: Session, user: User, owner: Owner | None, problem: OwnerProblem | None) -> None:
    if problem is None:
        return
    name = owner.name if owner else ""
    reasons = {
        OwnerProblem.MISSING: "It has no owner.",
        OwnerProblem.INACTIVE: f"Its owner {name} was disabled, closed or deleted.",
        OwnerProblem.LACKS_ROLE: f"Its owner {name} no longer has its role.",
    }
    user.disabled_at = now()
    record(db, Event.USER_DISABLED, user_id=user.id, reason=reasons[problem])
    credentials.end_all(db, user.id)
