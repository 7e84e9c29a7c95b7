"""Queries of service accounts: pages of them, those of a person, and who may use one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from webapp.accounts import role_closures
from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.names import normalized_key
from webapp.accounts.roles import reaching
from webapp.accounts.service_rules import Owner, OwnerProblem, owner_from, problem_of
from webapp.accounts.user_queries import LAST, UnknownCursor, by_id, by_name_or_email

PAGE = 25
SHOWN_PEOPLE = 20
OWNER = aliased(User)


@dataclass(frozen=True, slots=True)
class OwnedService:
    """A service account with its owner."""

    user: User
    purpose: str
    owner: Owner | None
    problem: OwnerProblem | None
    """Why its owner cannot have it, or that nobody has the role that owns it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFilter:
    """Which service accounts a page lists; ``after`` is the id of the last one on the previous page."""

    begins: str = ""
    """Prefix of the name."""
    owner: str = ""
    """User name or e-mail address of the person who owns it."""
    owner_role: str = ""
    view: str = ""
    """``unowned`` for those without an owner or of a role that nobody has, or ``disabled``."""
    after: UUID | None = None
    size: int = PAGE


@dataclass(frozen=True, slots=True)
class ServicePage:
    services: Sequence[OwnedService]
    has_more: bool


def service_page(db: Session, criteria: ServiceFilter, *further: ColumnElement[bool]) -> ServicePage:
    """One page of service accounts, by name.

    Args:
        further: further conditions, such as ``is_managed_by``.

    Raises:
        UnknownCursor
    """
    found = ordered(*conditions(db, criteria), *further).limit(criteria.size + 1)
    if criteria.after is not None:
        last = by_id(db, criteria.after)
        if last is None:
            raise UnknownCursor
        found = found.where(User.username_key > last.username_key)
    rows = owned_services(db, found)
    return ServicePage(rows[: criteria.size], len(rows) > criteria.size)


def conditions(db: Session, criteria: ServiceFilter) -> Iterable[ColumnElement[bool]]:
    if key := normalized_key(criteria.begins):
        yield and_(User.username_key >= key, User.username_key < key + LAST)
    if criteria.owner:
        owner = by_name_or_email(db, criteria.owner)
        yield ServiceAccount.owner_id == owner.id if owner else false()
    if criteria.owner_role:
        yield ServiceAccount.owner_role == criteria.owner_role
    if criteria.view == "disabled":
        yield User.disabled_at.is_not(None)
    if criteria.view == "unowned":
        yield is_unowned(db)


def is_unowned(db: Session) -> ColumnElement[bool]:
    """Condition for service accounts without an owner, or of a role that nobody has."""
    owners = db.scalars(select(ServiceAccount.owner_role).where(ServiceAccount.owner_role.is_not(None)).distinct())
    empty = [role for role in owners if role and not has_people(db, role)]
    has_none = and_(ServiceAccount.owner_id.is_(None), ServiceAccount.owner_role.is_(None))
    return or_(has_none, ServiceAccount.owner_role.in_(empty))


def unowned_count(db: Session) -> int:
    return db.scalar(select(func.count()).select_from(ServiceAccount).where(is_unowned(db))) or 0


def ordered(*conditions: ColumnElement[bool]) -> Select[User, ServiceAccount, User]:
    found = (
        select(User, ServiceAccount, OWNER)
        .join(ServiceAccount, ServiceAccount.user_id == User.id)
        .outerjoin(OWNER, OWNER.id == ServiceAccount.owner_id)
    )
    return found.where(*conditions).order_by(User.username_key)


def owned_services(db: Session, query: Select[User, ServiceAccount, User]) -> list[OwnedService]:
    closures = role_closures.current(db)
    peopled: dict[str, bool] = {}
    found = []
    for user, account, person in db.execute(query).all():
        owner = owner_from(account, person)
        problem = problem_of(owner, user.role, closures)
        if problem is None and owner is not None and owner.role is not None:
            if owner.role not in peopled:
                peopled[owner.role] = has_people(db, owner.role)
            problem = None if peopled[owner.role] else OwnerProblem.NOBODY
        found.append(OwnedService(user, account.purpose, owner, problem))
    return found


def list_service_accounts(db: Session) -> list[OwnedService]:
    return owned_services(db, ordered())


def one(db: Session, user_id: UUID) -> OwnedService | None:
    return next(iter(owned_services(db, ordered(User.id == user_id))), None)


def of_owners(db: Session, user_ids: Collection[UUID], *, limit: int | None = None) -> list[OwnedService]:
    """Active service accounts that belong to these people; they stop with them."""
    owned = ordered(ServiceAccount.owner_id.in_(user_ids), User.disabled_at.is_(None))
    return owned_services(db, owned.limit(limit))


def managed(db: Session, service_id: UUID, user_id: UUID, roles: Collection[str]) -> OwnedService | None:
    """A service account; None if it is missing or not this person's (``is_managed_by``)."""
    found = owned_services(db, ordered(User.id == service_id, is_managed_by(user_id, roles)))
    return found[0] if found else None


def is_managed_by(user_id: UUID, roles: Collection[str]) -> ColumnElement[bool]:
    """Condition for service accounts that a person owns, or of a role that the person has. Service accounts own none.

    Args:
        roles: all roles of the person.
    """
    is_person = select(User.id).where(User.id == user_id, User.is_service.is_(False)).exists()
    return and_(is_person, or_(ServiceAccount.owner_id == user_id, ServiceAccount.owner_role.in_(roles)))


def active_people(db: Session, role: str) -> ColumnElement[bool]:
    """Condition for people who have a role, directly or through another, and can log in."""
    return and_(
        User.role.in_(reaching(db, role)),
        User.is_service.is_(False),
        User.disabled_at.is_(None),
        User.closes_at.is_(None),
        User.verification_required_at.is_(None),
    )


def has_people(db: Session, role: str) -> bool:
    return db.scalar(select(User.id).where(active_people(db, role)).limit(1)) is not None


def who_may_use(db: Session, owner: Owner | None) -> list[str]:
    """Names of the people who may create tokens for a service account, at most one more than ``SHOWN_PEOPLE``."""
    if owner is None:
        return []
    if owner.user is not None:
        return [owner.user.username]
    people = select(User.username).where(active_people(db, owner.role or "")).order_by(User.username_key)
    return list(db.scalars(people.limit(SHOWN_PEOPLE + 1)))
