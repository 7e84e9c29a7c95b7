"""Who can log in with a password, and who has no other way than an identity provider."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.mfa import passkeys


def count_without_password_or_passkey(db: Session, user_ids: Select[Any]) -> int:
    """How many of these users are enabled and have neither a password nor a passkey.

    Args:
        user_ids: a query of ids.
    """
    query = select(func.count()).select_from(User).where(User.id.in_(user_ids), User.disabled_at.is_(None))
    has_none = User.password_hash == "", User.known_elsewhere_as.is_(None), User.id.not_in(passkeys.holders())
    return db.scalar(query.where(*has_none)) or 0
