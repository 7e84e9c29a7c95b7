"""with_roles(): a user and all their roles in one row, for what apps request all day; whom to mail."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from webapp.accounts.models import Role, User
from webapp.core.driver_statements import RowQuery

WITH_CLOSURE = RowQuery(
    select(User, Role.closure).outerjoin(Role, Role.name == User.role).where(User.id == bindparam("user_id"))
)


def with_roles(db: Session, user_id: UUID) -> tuple[User | None, tuple[str, ...]]:
    """A user, read-only, and the roles that their role includes, as ``roles.included_in``; None and no roles for
    nobody."""
    found = WITH_CLOSURE.first(db, user_id=user_id)
    return (found[0], tuple(found[1] or ())) if found else (None, ())


def reachable_by_mail(db: Session, role_names: Iterable[str], *, limit: int) -> Sequence[User]:
    """Users with one of these roles who can log in and have an e-mail address; those first who logged in last."""
    can_log_in = User.disabled_at.is_(None), User.closes_at.is_(None), ~User.is_service
    query = select(User).where(User.role.in_(list(role_names)), User.email.is_not(None), *can_log_in)
    return db.scalars(query.order_by(User.last_login_at.desc().nulls_last()).limit(limit)).all()
