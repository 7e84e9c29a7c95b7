"""Recovery codes: create a set and use one, for users who have lost their other factors."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from webapp.core.clock import now
from webapp.core.digests import digest
from webapp.mfa.models import RecoveryCode

COUNT = 10
# Crockford's base 32, without letters that look like digits.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
READ_AS = str.maketrans("OIL", "011")
GROUPS, SIZE = 5, 5
LENGTH = GROUPS * SIZE


@dataclass(frozen=True, slots=True)
class RecoveryCodeCount:
    """How many recovery codes a user has, and when they were created."""

    left: int
    made_at: datetime | None


def create(db: Session, user_id: UUID) -> list[str]:
    """Create a set of recovery codes, replacing the former one. They are shown once and stored as digests."""
    remove(db, user_id)
    codes = [new_code() for _ in range(COUNT)]
    # 125 random bits each, so a plain digest is enough (800-63B-4 §3.1.2.2).
    db.add_all(RecoveryCode(user_id=user_id, digest=digest_of(code), created_at=now()) for code in codes)
    db.flush()
    return codes


def new_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(letters[place : place + SIZE] for place in range(0, LENGTH, SIZE))


def letters_of(code: str) -> str | None:
    """Normalize a typed recovery code: without dashes, in capital letters. None if it cannot be one."""
    plain = "".join(unicodedata.normalize("NFKC", code).split()).replace("-", "").upper().translate(READ_AS)
    return plain if len(plain) == LENGTH and set(plain) <= set(ALPHABET) else None


def digest_of(code: str) -> bytes:
    return digest(letters_of(code) or "")


def spend(db: Session, user_id: UUID, code: str) -> bool:
    """Use up a recovery code. Returns False if it is not an unused one of this user. One UPDATE, so that only one of
    two concurrent requests succeeds."""
    if letters_of(code) is None:
        return False
    updated = db.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user_id,
            RecoveryCode.digest == digest_of(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now())
        .returning(RecoveryCode.id)
    )
    return updated.first() is not None


def remaining(db: Session, user_id: UUID) -> RecoveryCodeCount:
    query = select(func.count(), func.max(RecoveryCode.created_at)).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    left, made_at = db.execute(query).one()
    return RecoveryCodeCount(left, made_at)


def remove(db: Session, user_id: UUID) -> None:
    db.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
