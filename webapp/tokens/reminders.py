"""What the owner of a token should hear, and when: each of it once, or not again too soon."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.db import EPOCH, Instant
from webapp.credentials.models import Credential
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.models import ApiToken, TokenNotice
from webapp.tokens.token_list import LONG_UNUSED, live

DAY, WEEK = timedelta(days=1), timedelta(days=7)
# So many days before its end, for a token that was made for twice as long at least: others surprise nobody.
STAGES = (1, 7, 14)
# Of one owner at a time.
MOST = 200

# Writes the row where there is none, and otherwise only if the last time is long ago. Both databases understand it.
TAKE = text("""
    INSERT INTO token_notice (token_id, kind, at) VALUES (:token_id, :kind, :now)
    ON CONFLICT (token_id, kind) DO UPDATE SET at = :now WHERE token_notice.at <= :before
    RETURNING kind
""").bindparams(
    bindparam("token_id", type_=UuidType()), bindparam("now", type_=Instant()), bindparam("before", type_=Instant())
)


@dataclass(frozen=True, slots=True)
class DueReminder:
    """Tokens of one owner, the first to end before the others."""

    user_id: UUID
    tokens: Sequence[TokenRow]
    """Those worth telling."""
    looked_at: int
    """With those that are not: they do not come up again."""


def take(db: Session, token_id: UUID, kind: str, *, every: timedelta | None = None) -> bool:
    """Whether it is time to tell; ``every`` is None for what is told once."""
    before = now() - every if every else EPOCH
    return db.execute(TAKE, {"token_id": token_id, "kind": kind, "now": now(), "before": before}).first() is not None


def hand_on(db: Session, kind: str, *, from_: UUID, to: UUID) -> None:
    """What was told of a token was told of its successor."""
    if (told := db.get(TokenNotice, (from_, kind))) is not None:
        db.merge(TokenNotice(token_id=to, kind=kind, at=told.at))


def expiring(db: Session) -> DueReminder | None:
    """Of the next owner who has any; each token at its latest stage."""
    moment = now()
    stages = [
        and_(Credential.expires_at.between(moment + low, moment + high), untold(kind))
        for kind, low, high in stages_of()
    ]
    return next_due(db, or_(*stages), moment, lambda row: stage_of(row.credential, moment), is_worth_telling)


def stages_of() -> list[tuple[str, timedelta, timedelta]]:
    lows = (0, *STAGES)
    return [(f"expires_{days}", low * DAY, days * DAY) for low, days in zip(lows, STAGES, strict=False)]


def stage_of(credential: Credential, moment: datetime) -> str:
    left = credential.expires_at - moment
    return next(kind for kind, _, high in stages_of() if left <= high)


def is_worth_telling(row: TokenRow, kind: str) -> bool:
    return row.credential.expires_at - row.credential.created_at >= 2 * int(kind.rpartition("_")[2]) * DAY


def unused(db: Session) -> DueReminder | None:
    """Of the next owner who has tokens that nothing has brought for 90 days."""
    moment = now()
    since = moment - LONG_UNUSED
    never = and_(Credential.last_used_at.is_(None), Credential.created_at <= since)
    is_unused = and_(or_(Credential.last_used_at <= since, never), untold("unused"))
    return next_due(db, is_unused, moment, lambda _: "unused", lambda _row, _kind: True)


def untold(kind: str) -> ColumnElement[bool]:
    return ~exists().where(TokenNotice.token_id == ApiToken.id, TokenNotice.kind == kind)


def next_due(
    db: Session,
    condition: ColumnElement[bool],
    moment: datetime,
    kind_of: Callable[[TokenRow], str],
    is_worth: Callable[[TokenRow, str], bool],
) -> DueReminder | None:
    """Those of one owner; what was rotated ends as was agreed, and what came from a login is its script's to renew."""
    query = select(ApiToken, Credential).join(Credential, Credential.id == ApiToken.id)
    query = query.where(live(moment), Credential.family_id.is_(None), ApiToken.rotated_at.is_(None), condition)
    first = db.execute(query.order_by(Credential.expires_at).limit(1)).first()
    if first is None:
        return None
    user_id = first[0].user_id
    found = db.execute(query.where(ApiToken.user_id == user_id).order_by(Credential.expires_at).limit(MOST))
    rows = [TokenRow(entry, credential) for entry, credential in found]
    told = [row for row in rows if take(db, row.entry.id, kind_of(row)) and is_worth(row, kind_of(row))]
    return DueReminder(user_id, told, len(rows))
