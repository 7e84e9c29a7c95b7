"""Half a login, kept in the signed cookie for minutes: it opens nothing, and is worth nothing once it was finished."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from webapp.accounts.models import User
from webapp.kernel.digests import new_secret

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Half:
    """A password was right; who it is has to be shown once more."""

    user_id: UUID
    amr: str
    since: datetime
    once: str
    """Spent when the login is finished, so that a copy of the cookie finishes none."""
    is_remembered: bool = False
    next: str | None = None

    def stands(self, user: User | None, now: datetime) -> bool:
        """Whether the second step may follow: in time, and the account is what it was."""
        if user is None or user.disabled_at is not None or not self.since <= now < self.since + LIFETIME:
            return False
        return user.password_changed_at is None or user.password_changed_at <= self.since


def begin(user: User, amr: str, now: datetime, *, is_remembered: bool, target: str | None) -> Half:
    return Half(user.id, amr, now, new_secret(12), is_remembered, target)


def written(half: Half) -> list[Any]:
    since = int(half.since.timestamp() * 1_000_000)
    return [str(half.user_id), half.amr, since, half.once, half.is_remembered, half.next]


def read(content: Any) -> Half | None:
    """What ``written`` has made; the cookie is signed, so it is nothing else unless an older version wrote it."""
    try:
        user_id, amr, since, once, is_remembered, target = content
        return Half(UUID(user_id), amr, datetime.fromtimestamp(since / 1_000_000, UTC), once, is_remembered, target)
    except (TypeError, ValueError):
        return None
