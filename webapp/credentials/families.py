"""Families: a script login or a login to an app (kind ``refresh``), and the access tokens that belong to it."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Select, Text, bindparam, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import Instant
from webapp.core.driver_statements import RowQuery
from webapp.credentials.lifecycle import live_condition
from webapp.credentials.models import Credential


def end_families(db: Session, family_ids: Select[UUID]) -> list[UUID]:
    """End script logins or logins to apps, and their access tokens. Returns the ids of those not ended before."""
    # The families first, as in ``lock_families``.
    families = update(Credential).where(Credential.id.in_(family_ids), Credential.revoked_at.is_(None))
    ended = list(db.scalars(families.values(revoked_at=now()).returning(Credential.id)))
    end_access_tokens(db, family_ids)
    return ended


def end_access_tokens(db: Session, family_ids: Select[UUID], *, holding: Collection[str] = ()) -> None:
    """End the access tokens of families, which stay: with a refresh token there is another.

    Args:
        holding: only those with one of these scopes or audiences; empty for all.
    """
    members = update(Credential).where(Credential.family_id.in_(family_ids), Credential.revoked_at.is_(None))
    if holding:
        # Each is a string of its own in the stored JSON.
        stored, texts = (
            type_coerce(Credential.grant, Text),
            (msgspec.json.encode(name).decode() for name in holding),
        )
        members = members.where(or_(*(stored.contains(text, autoescape=True) for text in texts)))
    db.execute(members.values(revoked_at=now()).execution_options(synchronize_session=False))


def end_members(db: Session, family_id: UUID) -> list[UUID]:
    """End the access tokens of a script login. Returns their ids."""
    members = update(Credential).where(Credential.family_id == family_id, Credential.revoked_at.is_(None))
    return list(db.scalars(members.values(revoked_at=now()).returning(Credential.id)))


LIVE_MEMBERS = RowQuery(
    select(Credential)
    .where(Credential.family_id == bindparam("family_id"), live_condition(bindparam("moment", type_=Instant())))
    .order_by(Credential.created_at.desc(), Credential.expires_at.desc())
)


def live_members(db: Session, family_id: UUID) -> list[Credential]:
    """The live access tokens of a script login, the newest first and read-only."""
    return [member for (member,) in LIVE_MEMBERS.all(db, family_id=family_id, moment=now())]


def member_ends(db: Session, user_id: UUID) -> dict[UUID, datetime]:
    """Latest expiry of the live access tokens of each script login of a user, by the id of the login."""
    members = Credential.user_id == user_id, Credential.family_id.is_not(None), live_condition(now())
    query = select(Credential.family_id, func.max(Credential.expires_at)).where(*members)
    return {family_id: ends_at for family_id, ends_at in db.execute(query.group_by(Credential.family_id)) if family_id}
