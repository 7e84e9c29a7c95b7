"""Numbers of users, in total and by view, at a cost that does not grow with them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.user_queries import FOUND_BY, ONE_FACTOR, VIEWS, view
from webapp.core.bounded_count import BoundedCount, bounded, distinct_values, number_of, rows_of
from webapp.credentials import lifecycle as credentials

# In the order of an index: else PostgreSQL may read users in the order of the table until it has enough.
ORDERS: Mapping[str, Any] = FOUND_BY | {"never": User.last_login_at, ONE_FACTOR: User.username_key}
COUNTED = (*VIEWS[:-1], ONE_FACTOR)


def count(db: Session) -> BoundedCount:
    """Number of users."""
    return rows_of(db, User.username_key)


def count_with_role(db: Session, role: str) -> int:
    return db.scalar(select(func.count()).where(User.role == role)) or 0


def without_second_factor(db: Session) -> BoundedCount:
    """Number of enabled users without a second factor; service accounts need none."""
    return bounded(db.scalar(select(number_of(users_in(ONE_FACTOR).where(User.disabled_at.is_(None))))))


def counts(db: Session) -> dict[str, BoundedCount]:
    """Number of users in total and by view."""
    found = db.execute(select(*(number_of(users_in(name)).label(name) for name in COUNTED))).one()._mapping
    by_view = {name: bounded(found[name]) for name in COUNTED}
    owners = credentials.user_ids_with_live("token").order_by(*credentials.BY_EXPIRY)
    return {"all": count(db), VIEWS[-1]: distinct_values(db, owners)} | by_view


def users_in(name: str) -> Select[Any]:
    return select(ORDERS[name]).where(view(name)).order_by(ORDERS[name])
