"""Which reminder mails about tokens are due, each once or not again too soon: expiring, unused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, text
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.column_types import EPOCH
from webapp.core.db import Instant
from webapp.credentials.models import Credential
from webapp.tokens.lifecycle import TokenRow
from webapp.tokens.models import ApiToken, TokenNotice
from webapp.tokens.token_list import LONG_UNUSED, is_live_at

DAY, WEEK = timedelta(days=1), timedelta(days=7)
# Days before expiry; only for tokens whose lifetime is at least twice as long.
STAGES = (1, 7, 14)
# Tokens of one owner per step.
MAX_TOKENS = 200

# Inserts the row if there is none, else updates it only if the last mail is old. Valid for SQLite and PostgreSQL.
TAKE = text("""
    INSERT INTO token_notice (token_id, kind, at) VALUES (:token_id, :kind, :now)
    ON CONFLICT (token_id, kind) DO UPDATE SET at = :now WHERE token_notice.at <= :before
    RETURNING kind
""").bindparams(
    bindparam("token_id", type_=UuidType()), bindparam("now", type_=Instant()), bindparam("before", type_=Instant())
)


@dataclass(frozen=True, slots=True)
class DueReminder:
    """Tokens of one owner, sorted by expiry."""

    user_id: UUID
    tokens: Sequence[TokenRow]
    """Tokens to mention in the mail."""
    looked_at: int
    """Number of tokens examined, including those not mentioned, which are not examined again."""


def mark_due(db: Session, token_id: UUID, kind: str, *, every: timedelta | None = None) -> bool:
    """Whether a mail is due, and mark it as sent; ``every`` is None for a mail that is sent only once."""
    before = now() - every if every else EPOCH
    return db.execute(TAKE, {"token_id": token_id, "kind": kind, "now": now(), "before": before}).first() is not None


def copy_mark(db: Session, kind: str, *, from_: UUID, to: UUID) -> None:
    """Copy the mark of a mail to the successor of a token."""
    if (notice := db.get(TokenNotice, (from_, kind))) is not None:
        db.merge(TokenNotice(token_id=to, kind=kind, at=notice.at))


def expiring(db: Session) -> DueReminder | None:
    """The expiring tokens of the next owner who has any; each at its last stage of ``STAGES``."""
    moment = now()
    stages = [
        and_(Credential.expires_at.between(moment + low, moment + high), not_yet_mailed(kind))
        for kind, low, high in stages_of()
    ]
    return next_due(db, or_(*stages), moment, lambda row: stage_of(row.credential, moment), is_due)


def stages_of() -> list[tuple[str, timedelta, timedelta]]:
    lows = (0, *STAGES)
    return [(f"expires_{days}", low * DAY, days * DAY) for low, days in zip(lows, STAGES, strict=False)]


def stage_of(credential: Credential, moment: datetime) -> str:
    left = credential.expires_at - moment
    return next(kind for kind, _, high in stages_of() if left <= high)


def is_due(row: TokenRow, kind: str) -> bool:
    return row.credential.expires_at - row.credential.created_at >= 2 * int(kind.rpartition("_")[2]) * DAY


def unused(db: Session) -> DueReminder | None:
    """The tokens unused for 90 days of the next owner who has any."""
    moment = now()
    since = moment - LONG_UNUSED
    never = and_(Credential.last_used_at.is_(None), Credential.created_at <= since)
    is_unused = and_(or_(Credential.last_used_at <= since, never), not_yet_mailed("unused"))
    return next_due(db, is_unused, moment, lambda _: "unused", lambda _row, _kind: True)


def not_yet_mailed(kind: str) -> ColumnElement[bool]:
    return ~exists().where(TokenNotice.token_id == ApiToken.id, TokenNotice.kind == kind)


def next_due(
    db: Session,
    condition: ColumnElement[bool],
    moment: datetime,
    kind_of: Callable[[TokenRow], str],
    is_worth: Callable[[TokenRow, str], bool],
) -> DueReminder | None:
    """Live tokens of one owner that meet ``condition``, except rotated tokens and those of script logins."""
    query = select(ApiToken, Credential).join(Credential, Credential.id == ApiToken.id)
    query = query.where(is_live_at(moment), Credential.family_id.is_(None), ApiToken.rotated_at.is_(None), condition)
    first = db.execute(query.order_by(Credential.expires_at).limit(1)).first()
    if first is None:
        return None
    user_id = first[0].user_id
    found = db.execute(query.where(ApiToken.user_id == user_id).order_by(Credential.expires_at).limit(MAX_TOKENS))
    rows = [TokenRow(entry, credential) for entry, credential in found]
    tokens_to_mention = [
        row for row in rows if mark_due(db, row.entry.id, kind_of(row)) and is_worth(row, kind_of(row))
    ]
    return DueReminder(user_id, tokens_to_mention, len(rows))
