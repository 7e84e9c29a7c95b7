"""Revoke and look up issued API tokens."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.audit.log import Event, record
from webapp.core.clock import now
from webapp.credentials import families
from webapp.credentials import lifecycle as credentials
from webapp.credentials.live_counts import LiveCounts, live_counts_of
from webapp.credentials.models import Credential
from webapp.tokens import refresh_families
from webapp.tokens.models import ApiToken


def revoke(
    db: Session,
    user_id: UUID,
    token_id: UUID,
    *,
    origin: str = "owner",
    actor_id: UUID | None = None,
    reason: str | None = None,
) -> bool:
    """Revoke a token; False if it is not the user's or was revoked before.

    Args:
        origin: who revokes it, as in ``refresh_families.end``; so are ``actor_id`` and ``reason``.
    """
    found = find(db, user_id, token_id)
    if found is None or not credentials.end(db, token_id):
        return False
    found.entry.taken_name = None
    details = {"name": found.entry.name, "origin": origin} | ({"reason": reason} if reason else {})
    record(db, Event.TOKEN_REVOKED, user_id=user_id, actor_id=actor_id, credential_id=token_id, **details)
    return True


def revoke_all(db: Session, user_id: UUID) -> LiveCounts:
    """Revoke every API token and script login of a user.

    Returns:
        How many of each were live; 0 is not an error (RFC 7009 §2.2).
    """
    counts = replace(live_counts_of(db, user_id), sessions=0)
    refreshing = {family.id for family in credentials.live(db, user_id, "refresh")}
    for family_id in refreshing | families.member_ends(db, user_id).keys():
        refresh_families.end(db, family_id)
    ended = credentials.end_all(db, user_id, kind="token")
    db.execute(update(ApiToken).where(ApiToken.id.in_(ended)).values(taken_name=None))
    for token_id in ended:
        record(db, Event.TOKEN_REVOKED, user_id=user_id, credential_id=token_id)
    return counts


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token with its credential."""

    entry: ApiToken
    credential: Credential


def find(db: Session, user_id: UUID, token_id: UUID) -> TokenRow | None:
    """A token, live or ended; None if it is missing or another user's."""
    entry = db.get(ApiToken, token_id)
    if entry is None or entry.user_id != user_id:
        return None
    return TokenRow(entry, db.get_one(Credential, token_id))


def owner_of(db: Session, token_id: UUID) -> UUID | None:
    """The user id of a token's owner."""
    return db.scalar(select(ApiToken.user_id).where(ApiToken.id == token_id))


def taken_names(db: Session, user_id: UUID) -> set[str | None]:
    """Names of a user's live tokens, case-folded."""
    live = ApiToken.user_id == user_id, credentials.live_condition(now())
    return set(db.scalars(select(ApiToken.taken_name).join(Credential, Credential.id == ApiToken.id).where(*live)))


def names(db: Session, user_id: UUID, token_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Names of tokens by id; ids of other users' tokens are left out."""
    query = select(ApiToken.id, ApiToken.name).where(ApiToken.user_id == user_id, ApiToken.id.in_(token_ids))
    return {found.id: found.name for found in db.execute(query)}


def id_called(db: Session, user_id: UUID, name: str) -> UUID | None:
    """The id of the live token of a user that has this name."""
    matches = ApiToken.user_id == user_id, ApiToken.taken_name == name.casefold()
    return db.scalar(select(ApiToken.id).where(*matches))
