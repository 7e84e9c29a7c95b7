"""Refresh token rotation with reuse detection (RFC 9700 §4.14.2), and an overlap for parallel and repeated requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.digests import digest
from webapp.core.driver_statements import RowChange, RowQuery
from webapp.credentials import lifecycle as credentials
from webapp.credentials.models import Credential
from webapp.tokens import refresh_families
from webapp.tokens.models import RefreshFamily, RefreshToken
from webapp.tokens.refresh_secret import SHAPE, RefreshSecrets

# Requests in parallel, and retries after a lost response, repeat a token; some of them may have used its successor
# meanwhile. A client that is more than two refreshes behind has kept an old token.
LATEST = 2

# Each refresh writes rows that are kept for months, so the rate is limited. Every ten seconds on average is more often
# than any access token expires.
BURST, BURST_WINDOW = 60, timedelta(minutes=10)


class RefreshState(Enum):
    """Result of ``state_of``."""

    FRESH = auto()
    REPEATED = auto()
    """Used within the overlap, and one of the latest of its family: sent in parallel, or its response was lost."""
    REUSED = auto()
    """Used again later, or an older one: two clients have it, so one of them may have stolen it."""
    ENDED = auto()


@dataclass(frozen=True, slots=True, repr=False)
class LockedRefreshToken:
    """A refresh token and its family, locked until the end of the transaction."""

    secret: str
    token: RefreshToken
    later: Sequence[RefreshToken]
    """The next generations, the oldest first; at most one more than ``LATEST``."""
    family: RefreshFamily
    credential: Credential

    @property
    def scopes(self) -> frozenset[str]:
        return self.credential.grant.scopes if self.credential.grant else frozenset()


BY_DIGEST = RowQuery(
    select(RefreshToken, RefreshFamily)
    .join(RefreshFamily, RefreshFamily.id == RefreshToken.family_id)
    .where(RefreshToken.digest == bindparam("digest"))
)
SINCE = RowQuery(
    select(RefreshToken)
    .where(RefreshToken.family_id == bindparam("family_id"), RefreshToken.generation >= bindparam("generation"))
    .order_by(RefreshToken.generation)
    .limit(LATEST + 2)
)


def lock_refresh_token(db: Session, secret: str) -> LockedRefreshToken | None:
    """Look up and lock a refresh token; None if this site did not issue it."""
    found = BY_DIGEST.first(db, digest=digest(secret))
    if found is None:
        return None
    token, family = found
    credential = credentials.locked_credential(db, family.id)
    # Read again after locking: another request may have used it meanwhile.
    tokens = [one for (one,) in SINCE.all(db, family_id=family.id, generation=token.generation)]
    return LockedRefreshToken(secret, tokens[0], tokens[1:], family, credential) if tokens and credential else None


def find(db: Session, secret: str) -> RefreshToken | None:
    """The row of a refresh token, without locking it."""
    found = BY_DIGEST.first(db, digest=digest(secret)) if SHAPE.fullmatch(secret) else None
    return found[0] if found else None


def state_of(locked_token: LockedRefreshToken, now: datetime, overlap: timedelta) -> RefreshState:
    """Whether a refresh token may be used.

    Args:
        overlap: for how long a used token may be presented again.
    """
    token = locked_token.token
    if not locked_token.credential.is_live(now):
        return RefreshState.ENDED
    if token.spent_at is None:
        return RefreshState.FRESH
    # In both directions, because the clock of another machine may be ahead.
    is_within_overlap = abs(now - token.spent_at) < overlap
    return RefreshState.REPEATED if is_within_overlap and 0 < len(locked_token.later) <= LATEST else RefreshState.REUSED


CREATED = RowQuery(
    select(RefreshToken.created_at).where(
        RefreshToken.family_id == bindparam("family_id"), RefreshToken.generation == bindparam("generation")
    )
)


def wait(db: Session, locked_token: LockedRefreshToken, now: datetime) -> timedelta | None:
    """How long a script login must wait because it refreshes too often; None if it need not.

    Measured by the age of the token ``BURST`` generations before, so that no counter is needed.
    """
    earlier = locked_token.token.generation - BURST
    since = CREATED.scalar(db, family_id=locked_token.family.id, generation=earlier) if earlier > 0 else None
    return BURST_WINDOW - (now - since) if since is not None and now - since < BURST_WINDOW else None


def next_refresh_token(
    db: Session, locked_token: LockedRefreshToken, state: RefreshState, refresh_secrets: RefreshSecrets, now: datetime
) -> str | None:
    """The next refresh token: a new one for FRESH, the same again for REPEATED; None if another request was faster.

    None also if the key that it was derived with is no longer configured.
    """
    token, generation = locked_token.token, locked_token.token.generation + 1
    if state is RefreshState.REPEATED:
        return refresh_secrets.again(locked_token.secret, token.family_id, generation, locked_token.later[0].digest)
    if SPENT.run(db, token=token.digest, moment=now) == 0:
        return None
    successor = refresh_secrets.after(locked_token.secret, token.family_id, generation)
    refresh_families.enter_token(db, successor, token.family_id, generation=generation)
    return successor


def set_once(column: InstrumentedAttribute[datetime | None]) -> RowChange:
    """Sets a time column that was not set. One statement, so only one of two concurrent requests wins."""
    unset = RefreshToken.digest == bindparam("token"), column.is_(None)
    return RowChange(update(RefreshToken).where(*unset).values({column: bindparam("moment")}))


SPENT, FIRST_REPEATED = set_once(RefreshToken.spent_at), set_once(RefreshToken.first_repeated_at)


def mark_repeated(db: Session, locked_token: LockedRefreshToken, now: datetime) -> bool:
    """Note that a token was repeated; False for any repeat but the first."""
    return FIRST_REPEATED.run(db, token=locked_token.token.digest, moment=now) > 0
