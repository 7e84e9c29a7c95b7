"""PendingLogin: a login between password and second factor. It gives no access.

The signed cookie names its row and where to go afterwards. The row ends together with the sessions of its user.
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
    """A login whose password was right and whose second factor is missing."""

    id: UUID
    """Used up when the login is finished, so that a copy of the cookie is worthless."""
    amr: str
    is_remembered: bool = False
    next: str | None = None


def begin(db: Session, user: User, amr: str, *, is_remembered: bool, target: str | None) -> PendingLogin | None:
    """Store a pending login.

    Args:
        amr: how the user authenticated so far (RFC 8176).
        target: path to go to after the login.

    Returns:
        None if the account has changed since its password was verified.
    """
    if user_queries.unchanged(db, user) is None:
        return None
    pending = PendingLogin(uuid4(), amr, is_remembered, target)
    credentials.delete_expired(db, user.id, PENDING)
    proof = AuthenticationProof(now(), amr)
    credentials.issue(
        db, id=pending.id, key=pending.id.hex, kind=PENDING, user_id=user.id, lifetime=LIFETIME, proof=proof
    )
    return pending


def owner(db: Session, pending: PendingLogin) -> User | None:
    """The user of a pending login, if its second step may still follow."""
    found = credentials.find(db, pending.id, kind=PENDING)
    user = user_queries.by_id(db, found.user_id) if found is not None and found.is_live(now()) else None
    return user if user is not None and user.disabled_at is None else None


def to_cookie(pending: PendingLogin) -> list[Any]:
    """The content of the cookie."""
    return [str(pending.id), pending.amr, pending.is_remembered, pending.next]


def from_cookie(content: Any) -> PendingLogin | None:
    """Parse the content of the cookie; None if an older version wrote it."""
    try:
        half_id, amr, is_remembered, target = content
        return PendingLogin(UUID(half_id), amr, is_remembered, target)
    except (TypeError, ValueError):
        return None
