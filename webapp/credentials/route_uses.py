"""Who used a route: requests by day and user, and by route."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session

from webapp.credentials.models import Credential, ResourceUse


@dataclass(frozen=True, slots=True)
class RouteUse:
    """Requests of one user to one route on one day (UTC)."""

    day: date
    user_id: UUID
    by_session: int
    by_token: int


def by_user(
    db: Session, resource: str, *, since: date, limit: int, before: tuple[date, UUID] | None = None
) -> Sequence[RouteUse]:
    """Requests to a route by day and user, the newest day first.

    Args:
        resource: method and URL rule, as ``usage_store.resource_text`` writes them.
        before: day and user of the last row of the previous page (keyset pagination).
    """
    is_session = Credential.kind == "session"
    query = (
        select(
            ResourceUse.day,
            Credential.user_id,
            func.sum(case((is_session, ResourceUse.requests), else_=0)),
            func.sum(case((is_session, 0), else_=ResourceUse.requests)),
        )
        .join(Credential, Credential.id == ResourceUse.credential_id)
        .where(ResourceUse.resource == resource, ResourceUse.day >= since)
        .group_by(ResourceUse.day, Credential.user_id)
        .order_by(ResourceUse.day.desc(), Credential.user_id.desc())
    )
    if before is not None:
        query = query.where(ResourceUse.day <= before[0], tuple_(ResourceUse.day, Credential.user_id) < tuple_(*before))
    return [
        RouteUse(day, user, int(people), int(scripts)) for day, user, people, scripts in db.execute(query.limit(limit))
    ]


def by_route(db: Session, *, since: date, resource: str | None = None) -> dict[str, tuple[int, int]]:
    """Number of requests and of users by route; of ``resource`` alone if it is given."""
    requests, users = func.sum(ResourceUse.requests), func.count(Credential.user_id.distinct())
    query = (
        select(ResourceUse.resource, requests, users)
        .join(Credential, Credential.id == ResourceUse.credential_id)
        .where(ResourceUse.day >= since)
        .group_by(ResourceUse.resource)
    )
    query = query.where(ResourceUse.resource == resource) if resource else query
    return {name: (int(count), people) for name, count, people in db.execute(query)}
