"""A user's credentials and their use, for the export of their data."""

from datetime import date, datetime
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from webapp.credentials.models import Credential, CredentialUse, ResourceUse, TokenNetwork


class DayRecord(msgspec.Struct, frozen=True):
    credential_id: UUID
    day: date
    requests: int


class UseRecord(msgspec.Struct, frozen=True):
    credential_id: UUID
    day: date
    resource: str
    requests: int


class NetworkRecord(msgspec.Struct, frozen=True):
    credential_id: UUID
    network: str
    first_at: datetime


def all_of(db: Session, user_id: UUID, kind: str) -> list[Credential]:
    """All stored credentials of one kind, live or ended, the newest first."""
    rows = select(Credential).where(Credential.user_id == user_id, Credential.kind == kind)
    return list(db.scalars(rows.order_by(Credential.created_at.desc())))


def days_of(db: Session, user_id: UUID) -> list[DayRecord]:
    """Number of requests by credential and day."""
    rows = select(CredentialUse).where(CredentialUse.credential_id.in_(ids_of(user_id))).order_by(CredentialUse.day)
    return [DayRecord(row.credential_id, row.day, row.requests) for row in db.scalars(rows)]


def uses_of(db: Session, user_id: UUID) -> list[UseRecord]:
    """Number of requests by session or token, day and route."""
    rows = select(ResourceUse).where(ResourceUse.credential_id.in_(ids_of(user_id))).order_by(ResourceUse.day)
    return [UseRecord(row.credential_id, row.day, row.resource, row.requests) for row in db.scalars(rows)]


def networks_of(db: Session, user_id: UUID) -> list[NetworkRecord]:
    """Networks from which each token was used."""
    rows = select(TokenNetwork).where(TokenNetwork.credential_id.in_(ids_of(user_id))).order_by(TokenNetwork.first_at)
    return [NetworkRecord(row.credential_id, row.network, row.first_at) for row in db.scalars(rows)]


def ids_of(user_id: UUID) -> Select[UUID]:
    """Query for the ids of a user's credentials."""
    return select(Credential.id).where(Credential.user_id == user_id)
