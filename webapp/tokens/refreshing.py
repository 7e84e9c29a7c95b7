"""hold, state_of, follow: what can happen to a refresh token; each is used once, and a lost answer is forgiven."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.core.digests import digest
from webapp.credentials import lifecycle as credentials
from webapp.credentials.models import Credential
from webapp.tokens.models import RefreshFamily, RefreshToken
from webapp.tokens.refresh_secret import SHAPE, RefreshSecrets

# An answer that got lost is asked for again at once, by the same client.
GRACE = timedelta(seconds=10)

# Each refresh writes a few rows that are kept for months, so one login may not refresh without end: every ten seconds
# on average is more often than any access token expires.
BURST, BURST_WINDOW = 60, timedelta(minutes=10)


class RefreshState(Enum):
    FRESH = auto()
    LOST = auto()
    """Used a moment ago, and what came of it never: its answer may not have arrived."""
    REUSED = auto()
    """Two have it, and one of them should not."""
    ENDED = auto()


@dataclass(frozen=True, slots=True, repr=False)
class HeldRefreshToken:
    """A refresh token and its family, which waits for nobody else until the transaction ends."""

    secret: str
    token: RefreshToken
    successor: RefreshToken | None
    family: RefreshFamily
    credential: Credential

    @property
    def scopes(self) -> frozenset[str]:
        return self.credential.authority.scopes if self.credential.authority else frozenset()


def hold(db: Session, secret: str) -> HeldRefreshToken | None:
    """What a text names, if it is a refresh token of ours."""
    token = find(db, secret)
    credential = credentials.locked_credential(db, token.family_id) if token else None
    if token is None or credential is None:
        return None
    # Read again: before the family was ours alone, another may have used it.
    db.refresh(token)
    return HeldRefreshToken(
        secret, token, successor_of(db, token), db.get_one(RefreshFamily, token.family_id), credential
    )


def find(db: Session, secret: str) -> RefreshToken | None:
    return db.get(RefreshToken, digest(secret)) if SHAPE.fullmatch(secret) else None


def successor_of(db: Session, token: RefreshToken) -> RefreshToken | None:
    following = RefreshToken.family_id == token.family_id, RefreshToken.generation == token.generation + 1
    return db.scalar(select(RefreshToken).where(*following))


def state_of(held: HeldRefreshToken, now: datetime, grace: timedelta = GRACE) -> RefreshState:
    token, successor = held.token, held.successor
    if not held.credential.is_live(now):
        return RefreshState.ENDED
    if token.spent_at is None:
        return RefreshState.FRESH
    # Either way: the clock of another machine may be ahead of ours.
    is_lately = abs(now - token.spent_at) < grace
    if is_lately and token.forgiven_at is None and successor is not None and successor.spent_at is None:
        return RefreshState.LOST
    return RefreshState.REUSED


def wait(db: Session, held: HeldRefreshToken, now: datetime) -> timedelta | None:
    """How long a login that refreshes too often has to wait; None where it does not.

    The generation that many before this one tells how fast they came, so nothing is counted.
    """
    earlier = RefreshToken.family_id == held.token.family_id, RefreshToken.generation == held.token.generation - BURST
    since = db.scalar(select(RefreshToken.created_at).where(*earlier))
    return BURST_WINDOW - (now - since) if since is not None and now - since < BURST_WINDOW else None


def follow(
    db: Session, held: HeldRefreshToken, state: RefreshState, succession: RefreshSecrets, now: datetime
) -> str | None:
    """The successor: a new one of what is fresh, the same one again of what was lost; None where another was faster."""
    token, generation = held.token, held.token.generation + 1
    if state is RefreshState.LOST and held.successor is not None:
        successor = succession.again(held.secret, token.family_id, generation, held.successor.digest)
        return successor if mark(db, token, RefreshToken.forgiven_at, now) else None
    if not mark(db, token, RefreshToken.spent_at, now):
        return None
    successor = succession.after(held.secret, token.family_id, generation)
    db.add(RefreshToken(digest=digest(successor), family_id=token.family_id, generation=generation, created_at=now))
    return successor


def mark(db: Session, token: RefreshToken, column: InstrumentedAttribute[datetime | None], now: datetime) -> bool:
    """Whether it was not marked before. One statement, so that of two who come at once one is first."""
    marked = db.execute(
        update(RefreshToken)
        .where(RefreshToken.digest == token.digest, column.is_(None))
        .values({column: now})
        .returning(RefreshToken.generation)
    )
    return marked.first() is not None


def touch(held: HeldRefreshToken, now: datetime, address: str | None) -> None:
    """It was used: its idle end moves away, and who looks at it sees when and from where."""
    credential = held.credential
    credential.last_used_at, credential.last_used_from = now, address
    credential.idle_at = now + credential.idle if credential.idle else None
