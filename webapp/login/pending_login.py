"""Half a login: the password was right, and a second factor is still missing. It opens nothing.

Its row ends with the sessions of its user, so whatever logs them out ends it too; the signed cookie names the row, and
says what is to follow.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from webapp.accounts import user_queries
from webapp.accounts.models import User
from webapp.core.clock import now
from webapp.credentials import lifecycle as credentials
from webapp.credentials.lifecycle import PENDING, AuthenticationProof

LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PendingLogin:
    """A password was right; who it is has to be shown once more."""

    id: UUID
    """Spent when the login is finished, so that a copy of the cookie finishes none."""
    amr: str
    is_remembered: bool = False
    next: str | None = None


def begin(db: Session, user: User, amr: str, *, is_remembered: bool, target: str | None) -> PendingLogin | None:
    """None where the account has changed since its password was compared."""
    if user_queries.unchanged(db, user) is None:
        return None
    half = PendingLogin(uuid4(), amr, is_remembered, target)
    credentials.delete_expired(db, user.id, PENDING)
    proof = AuthenticationProof(now(), amr)
    credentials.issue(db, id=half.id, key=half.id.hex, kind=PENDING, user_id=user.id, lifetime=LIFETIME, proof=proof)
    return half


def owner(db: Session, half: PendingLogin) -> User | None:
    """Whose login it is, if its second step may still follow."""
    found = credentials.find(db, half.id, kind=PENDING)
    user = user_queries.by_id(db, found.user_id) if found is not None and found.is_live(now()) else None
    return user if user is not None and user.disabled_at is None else None


def written(half: PendingLogin) -> list[Any]:
    return [str(half.id), half.amr, half.is_remembered, half.next]


def read(content: Any) -> PendingLogin | None:
    """What ``written`` has made; the cookie is signed, so it is nothing else unless an older version wrote it."""
    try:
        half_id, amr, is_remembered, target = content
        return PendingLogin(UUID(half_id), amr, is_remembered, target)
    except (TypeError, ValueError):
        return None
