"""Queries of users: by name or id, and the filtered pages of the admin's list."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, not_, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.accounts.models import ServiceAccount, User
from webapp.accounts.names import identifier_key, normalized_key
from webapp.core.clock import now
from webapp.core.column_types import EPOCH
from webapp.credentials import lifecycle as credentials
from webapp.mfa import factors

PAGE = 25
DORMANT = timedelta(days=90)
# Sorts after every name that starts with the same characters: no user name or e-mail address contains it.
LAST = "\U0010ffff"
BY_NAME = select(User).where(or_(User.username_key == bindparam("key"), User.email_key == bindparam("key")))
# FOR NO KEY UPDATE: a concurrent change of the password, or disabling, waits, and then ends what was begun.
UNCHANGED = (
    select(User)
    # Not the hash: another login may have renewed it with today's parameters, of the same password.
    .where(User.id == bindparam("id"), User.password_changed_at.is_not_distinct_from(bindparam("password_changed_at")))
    .where(User.disabled_at.is_(None), User.is_service.is_(False))
    .with_for_update(key_share=True)
)
VIEWS = ("never", "dormant", "disabled", "closed", "tokens")
ONE_FACTOR = "one_factor"
MAX_IDS, TOO_MANY_TO_SORT = 500, 10_000
# Columns whose index finds the few users of a view, however many others there are.
FOUND_BY = {"dormant": User.last_login_at, "disabled": User.username_key, "closed": User.closes_at}


class UnknownCursor(Exception):
    """There is no user with the id given as ``after``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserFilter:
    """Filter, order and page of the list of users; ``after`` is the id of the last user on the previous page."""

    begins: str = ""
    """Prefix of the user name or e-mail address."""
    role: str = ""
    view: str = ""
    sort: str = "name"
    after: UUID | None = None
    size: int = PAGE


@dataclass(frozen=True, slots=True)
class UserPage:
    users: Sequence[User]
    has_more: bool


def by_name_or_email(db: Session, name_or_email: str) -> User | None:
    """The user with this name or e-mail address. No user name contains an @."""
    return db.scalar(BY_NAME, {"key": identifier_key(name_or_email)})


def all_users(db: Session, only: str = "") -> Sequence[User]:
    """All users by name.

    Args:
        only: a view, such as ``closed``; empty for all.
    """
    query = select(User).order_by(User.username_key)
    return db.scalars(query.where(view(only)) if only else query).all()


def unchanged(db: Session, user: User) -> User | None:
    """The user, locked, if they may still log in with the password that was verified; verifying takes long enough for a
    concurrent change."""
    return db.scalar(UNCHANGED, {"id": user.id, "password_changed_at": user.password_changed_at})


def slowest_imported_hash(db: Session) -> str | None:
    """The imported password hash whose check takes longest; None if there is none."""
    slowest = select(User.password_hash).where(User.password_hash_cost.is_not(None))
    return db.scalar(slowest.order_by(User.password_hash_cost.desc()).limit(1))


def imported_hashes(db: Session) -> Iterable[str]:
    """The password hashes that an import brought and no login has replaced yet."""
    query = select(User.password_hash).where(User.password_hash_cost.is_not(None))
    return db.scalars(query.execution_options(yield_per=1000))


def by_id(db: Session, user_id: UUID) -> User | None:
    return db.get(User, user_id)


def by_ids(db: Session, user_ids: Iterable[UUID]) -> Sequence[User]:
    """The users with these ids, by name; deleted ones are left out."""
    return db.scalars(select(User).where(User.id.in_(set(user_ids))).order_by(User.username_key)).all()


def names_of(db: Session, user_ids: Iterable[UUID]) -> dict[UUID, str]:
    """User names by id; deleted users are left out."""
    query = select(User.id, User.username).where(User.id.in_(set(user_ids)))
    return {found.id: found.username for found in db.execute(query)}


def user_page(db: Session, criteria: UserFilter) -> UserPage:
    """One page of users. Keyset pagination: the same cost on each page.

    Raises:
        UnknownCursor
    """
    query, found = select(User).where(*conditions(db, criteria)), list[User]()
    for part in parts(db, query, criteria):
        if (missing := criteria.size + 1 - len(found)) > 0:
            found += db.scalars(part.limit(missing)).all()
    return UserPage(found[: criteria.size], len(found) > criteria.size)


def conditions(db: Session, criteria: UserFilter) -> list[ColumnElement[bool]]:
    ids = ids_if_few(db, criteria.view)
    if ids is not None:
        return [User.id.in_(ids), *further_conditions(criteria)]
    found: list[ColumnElement[bool]] = [view(criteria.view)] if criteria.view else []
    if key := normalized_key(criteria.begins):
        found.append(begins_with(db, key))
    if criteria.role:
        found.append(User.role == criteria.role)
    return found


def ids_if_few(db: Session, name: str) -> Sequence[UUID] | None:
    """Ids of the users in a view, if there are at most ``MAX_IDS``; the index of the list's order finds so few slowly.

    Returns:
        None if there are more, so that a page is filled soon, or if an index has them in order.
    """
    if name in ("", "never"):
        return None
    if name == "tokens":
        ids = credentials.user_ids_with_live("token").distinct()
    else:
        ids = select(User.id).where(view(name)).order_by(*([FOUND_BY[name]] if name in FOUND_BY else []))
    found = db.scalars(ids.limit(MAX_IDS + 1)).all()
    return found if len(found) <= MAX_IDS else None


def further_conditions(criteria: UserFilter) -> Iterable[ColumnElement[bool]]:
    """Further conditions for a short list of ids, as expressions, so that no index of another column is used."""
    if key := normalized_key(criteria.begins):
        yield begins_computed(key)
    if criteria.role:
        yield User.role.concat("") == criteria.role


def begins_with(db: Session, key: str) -> ColumnElement[bool]:
    """Condition for a prefix of user name or e-mail address: by index, unless more than ``TOO_MANY_TO_SORT`` match."""
    columns = User.username_key, User.email_key
    # In the order of an index, as PostgreSQL would else read users until it has enough.
    some = [select(one).where(begins(one, key)).order_by(one).limit(TOO_MANY_TO_SORT + 1).subquery() for one in columns]
    numbers = [select(func.count()).select_from(each).scalar_subquery() for each in some]
    is_few = sum(db.execute(select(*numbers)).one()) <= TOO_MANY_TO_SORT
    return or_(*(begins(one, key) for one in columns)) if is_few else begins_computed(key)


def begins_computed(key: str) -> ColumnElement[bool]:
    return or_(begins(User.username_key.concat(""), key), begins(User.email_key.concat(""), key))


def begins(column: ColumnElement[Any] | InstrumentedAttribute[Any], key: str) -> ColumnElement[bool]:
    """Prefix search as a range, which both databases answer from an index."""
    return and_(column >= key, column < key + LAST)


def is_no_service() -> ColumnElement[bool]:
    # Excluded by the small table ``service_account``, so that an index of users can be used.
    return not_(select(ServiceAccount.user_id).where(ServiceAccount.user_id == User.id).correlate(User).exists())


def view(name: str) -> ColumnElement[bool]:
    match name:
        case "never":
            return and_(User.last_login_at.is_(None), is_no_service())
        case "dormant":
            return User.last_login_at < now() - DORMANT
        case "disabled":
            return User.disabled_at.is_not(None)
        case "closed":
            # As a range, which SQLite answers from an index.
            return User.closes_at > EPOCH
        case "tokens":
            # Checked user by user in their order: a page is full long before all tokens are read.
            return credentials.has_live(User.id, "token")
        case "one_factor":
            return and_(factors.lacks_second(User.id), is_no_service())
    raise LookupError(name)


def parts(db: Session, query: Select[User], criteria: UserFilter) -> list[Select[User]]:
    """The list in its order from the cursor on, as queries that follow each other.

    Those who never logged in are a query of their own, as no index has them last on both databases.
    """
    last = last_of_page(db, criteria.after)
    if criteria.sort == "created":
        return [newest_first(query, User.created_at, last)]
    if criteria.sort == "seen":
        never = query.where(User.last_login_at.is_(None)).order_by(User.username_key.desc())
        if last is not None and last.last_login_at is None:
            return [never.where(User.username_key < last.username_key)]
        return [newest_first(query.where(User.last_login_at.is_not(None)), User.last_login_at, last), never]
    return [(query.where(User.username_key > last.username_key) if last else query).order_by(User.username_key)]


def last_of_page(db: Session, user_id: UUID | None) -> User | None:
    if user_id is None:
        return None
    if (last := by_id(db, user_id)) is None:
        raise UnknownCursor
    return last


def newest_first(query: Select[User], column: InstrumentedAttribute[Any], last: User | None) -> Select[User]:
    if last is not None:
        query = query.where(tuple_(column, User.username_key) < (getattr(last, column.key), last.username_key))
    return query.order_by(column.desc(), User.username_key.desc())
