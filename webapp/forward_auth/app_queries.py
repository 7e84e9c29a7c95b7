"""Queries about apps for lists and pages: their hosts, their rules, and who opened them."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.forward_auth.models import AccessRule, ProxiedApp, ProxiedHost, ProxiedSession

MOST_OPENINGS = 50


class AppOpening(NamedTuple):
    """A login at a host of an app that has not been replaced or deleted since."""

    user_id: UUID
    username: str
    host: str
    at: datetime


def by_id(db: Session, app_id: UUID) -> ProxiedApp | None:
    return db.get(ProxiedApp, app_id)


def hosts_by_app(db: Session) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for row in db.scalars(select(ProxiedHost).order_by(ProxiedHost.position)):
        found.setdefault(row.app_id, []).append(row.host)
    return found


def last_opened_by_app(db: Session) -> dict[UUID, datetime]:
    query = select(ProxiedSession.app_id, func.max(ProxiedSession.started_at).label("at")).group_by(
        ProxiedSession.app_id
    )
    return {row.app_id: row.at for row in db.execute(query)}


def openings_of(db: Session, app_id: UUID) -> list[AppOpening]:
    """Logins at the hosts of an app, newest first."""
    query = select(ProxiedSession).where(ProxiedSession.app_id == app_id)
    rows = db.scalars(query.order_by(ProxiedSession.started_at.desc()).limit(MOST_OPENINGS)).all()
    names = user_queries.names_of(db, [row.user_id for row in rows])
    return [AppOpening(row.user_id, names.get(row.user_id, "?"), row.host, row.started_at) for row in rows]


def rule_called(db: Session, app_id: UUID, rule_id: UUID) -> AccessRule | None:
    return db.scalar(select(AccessRule).where(AccessRule.app_id == app_id, AccessRule.id == rule_id))


def free_slug(db: Session, preferred: str) -> str:
    """A free short name that resembles this one."""
    base = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in preferred.lower())
    base = "-".join(filter(None, base.split("-")))[:26].strip("-") or "app"
    existing_slugs: Sequence[str] = db.scalars(select(ProxiedApp.slug)).all()
    return (
        base
        if base not in existing_slugs
        else next(f"{base}-{n}" for n in range(2, 999) if f"{base}-{n}" not in existing_slugs)
    )


def logins_of(db: Session, app_id: UUID) -> int:
    """How many logins there are at the hosts of an app."""
    return db.scalar(select(func.count()).where(ProxiedSession.app_id == app_id)) or 0
