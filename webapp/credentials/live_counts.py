"""LiveCounts: how many sessions, script logins and API tokens can act as a user, for every page that says so."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, bindparam, case, func, or_, select
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Instant
from webapp.core.driver_statements import RowQuery
from webapp.credentials.lifecycle import live_condition
from webapp.credentials.models import Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCounts:
    """Numbers of live credentials of one user."""

    sessions: int = 0
    script_logins: int = 0
    """Each counts as one, with its access and refresh tokens; live while any of these is."""
    tokens: int = 0
    """API tokens that people made."""

    @property
    def facts(self) -> dict[str, int]:
        return asdict(self)


COUNTED_AS = case(
    (or_(Credential.kind == "refresh", Credential.family_id.is_not(None)), "script_logins"),
    (Credential.kind == "session", "sessions"),
    else_="tokens",
).label("counted_as")
KINDS = ("session", "refresh", "token")


def live_counts(db: Session, user_ids: Iterable[UUID] | None = None) -> Mapping[UUID, LiveCounts]:
    """Numbers of live credentials by user, in one statement.

    Args:
        user_ids: only of these users; None for all users.
    """
    each = func.count(func.coalesce(Credential.family_id, Credential.id).distinct())
    query = select(Credential.user_id, COUNTED_AS, each).where(Credential.kind.in_(KINDS), live_condition(now()))
    query = query if user_ids is None else query.where(Credential.user_id.in_(list(user_ids)))
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for user_id, counted_as, number in db.execute(query.group_by(Credential.user_id, COUNTED_AS)):
        found[user_id][counted_as] = number
    return defaultdict(LiveCounts, {user_id: LiveCounts(**numbers) for user_id, numbers in found.items()})


def live_counts_of(db: Session, user_id: UUID) -> LiveCounts:
    """Numbers of live credentials of one user."""
    return live_counts(db, [user_id])[user_id]


@dataclass(frozen=True, slots=True)
class LiveLogins:
    """Numbers of live logins and of the users who have them, and when the last login was, ended or not."""

    logins: int
    users: int
    last_at: datetime | None


def live_logins(db: Session, ids: Select[UUID]) -> LiveLogins:
    """How many of the credentials with these ids are live, of how many users, and when the last one was made."""
    numbers = select(func.count(), func.count(Credential.user_id.distinct()))
    logins, users = db.execute(numbers.where(Credential.id.in_(ids), live_condition(now()))).one()
    return LiveLogins(logins, users, db.scalar(select(func.max(Credential.created_at)).where(Credential.id.in_(ids))))


# Access tokens of a script login count with it, not on their own.
LIVE_TOKEN_COUNT = RowQuery(
    select(func.count())
    .where(Credential.user_id == bindparam("user_id"), or_(Credential.kind == "token", Credential.kind == "refresh"))
    .where(Credential.family_id.is_(None), live_condition(bindparam("moment", type_=Instant())))
)


def live_token_count(db: Session, user_id: UUID) -> int:
    """Number of live tokens of a user for the limit of them: API tokens, and script logins that can refresh."""
    return LIVE_TOKEN_COUNT.scalar(db, user_id=user_id, moment=now()) or 0
