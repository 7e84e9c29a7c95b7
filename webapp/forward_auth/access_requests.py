"""Requests for access to an app: a user asks, and the owner of the app or an administrator decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.audit.log import Event
from webapp.core.clock import now
from webapp.forward_auth import grants
from webapp.forward_auth.app_settings import MOST_PEOPLE
from webapp.forward_auth.lifecycle import AppIsDeclared
from webapp.forward_auth.models import AccessRequest, ProxiedApp
from webapp.forward_auth.proxied_apps import AppPolicy, note_change
from webapp.guard.audience import Audience
from webapp.guard.principal import Principal

LONGEST_REASON = 300


class AlreadyAsked(Exception):
    """The user has asked for access to this app before, and nobody has decided yet."""


class AlreadyDecided(Exception):
    """Somebody else has decided about the request, or the user is gone."""


class TooManyPeople(Exception):
    """The app is for as many people as it can name."""


@dataclass(frozen=True, slots=True)
class WaitingRequest:
    row: AccessRequest
    username: str


def audience_of(app: AppPolicy) -> Audience | None:
    """Whom an app is for; None for everybody with an account."""
    return next((rule.requirement.audience for rule in app.rules if rule.requirement.audience is not None), None)


def may_ask(db: Session, app: AppPolicy, principal: Principal) -> bool:
    """Whether a user is none of those whom an app is for, so that access can be granted to them."""
    audience = audience_of(app)
    if audience is None or audience.includes(principal):
        return False
    until = grants.granted_until(db, principal.user_id, app.id)
    return until is None or until <= now()


def open_request(db: Session, user_id: UUID, app_id: UUID) -> AccessRequest | None:
    matches = AccessRequest.user_id == user_id, AccessRequest.app_id == app_id
    return db.scalar(select(AccessRequest).where(*matches))


def request_access(db: Session, user_id: UUID, app: ProxiedApp, reason: str) -> AccessRequest:
    """Ask for access.

    Raises:
        AlreadyAsked
    """
    row = AccessRequest(id=uuid4(), user_id=user_id, app_id=app.id, reason=reason, created_at=now())
    try:
        with db.begin_nested():
            db.add(row)
    except IntegrityError as error:
        raise AlreadyAsked from error
    grants.record_grant(db, Event.APP_ACCESS_REQUESTED, app, user_id, reason=reason)
    return row


def waiting(db: Session, app_id: UUID) -> Sequence[WaitingRequest]:
    """The open requests for an app, the oldest first."""
    query = select(AccessRequest).where(AccessRequest.app_id == app_id).order_by(AccessRequest.created_at)
    rows = db.scalars(query).all()
    names = user_queries.names_of(db, [row.user_id for row in rows])
    return [WaitingRequest(row, names[row.user_id]) for row in rows]


def counts(db: Session) -> dict[UUID, int]:
    """Number of open requests by app."""
    query = select(AccessRequest.app_id, func.count()).group_by(AccessRequest.app_id)
    return {row[0]: row[1] for row in db.execute(query)}


def grant_request(
    db: Session, app: ProxiedApp, request_id: UUID, duration: timedelta | None, *, actor_id: UUID
) -> UUID:
    """Grant access, once.

    Args:
        duration: None: permanently; the user is then among those whom the app is for.

    Returns:
        Id of the user.

    Raises:
        AlreadyDecided
        AppIsDeclared, TooManyPeople: the access cannot be permanent.
    """
    if duration is None and app.is_declared:
        raise AppIsDeclared(app.name)
    user_id = claim_request(db, app, request_id)
    if duration is not None:
        grants.grant_access(db, app, user_id, now() + duration, actor_id=actor_id)
        return user_id
    # Read again, so that two decisions at once do not lose one of both.
    db.refresh(app, with_for_update=True)
    if str(user_id) not in app.people:
        if len(app.people) >= MOST_PEOPLE:
            raise TooManyPeople
        app.people = [*app.people, str(user_id)]
        note_change(db)
    grants.record_grant(db, Event.APP_ACCESS_GRANTED, app, user_id, actor_id=actor_id)
    return user_id


def decline(db: Session, app: ProxiedApp, request_id: UUID, *, actor_id: UUID) -> UUID:
    """Decline a request for access to an app, and delete it.

    Returns:
        Id of the user.

    Raises:
        AlreadyDecided
    """
    user_id = claim_request(db, app, request_id)
    grants.record_grant(db, Event.APP_ACCESS_DECLINED, app, user_id, actor_id=actor_id)
    return user_id


def claim_request(db: Session, app: ProxiedApp, request_id: UUID) -> UUID:
    """Delete a request; the user who had asked. One statement, so that only one decision counts."""
    deletion = delete(AccessRequest).where(AccessRequest.id == request_id, AccessRequest.app_id == app.id)
    user_id: UUID | None = db.scalar(deletion.returning(AccessRequest.user_id))
    if user_id is None:
        raise AlreadyDecided
    return user_id
