"""PasswordLoginPolicy: who can log in with a password, and who has no other way than an identity provider."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select, true
from sqlalchemy.orm import Session

from webapp.accounts import roles
from webapp.accounts.models import User
from webapp.accounts.role_closures import administers_users
from webapp.mfa import passkeys


@dataclass(frozen=True, slots=True)
class PasswordLoginPolicy:
    """Who can log in with a password: everybody, administrators only, or nobody.

    A password that its user cannot log in with proves nothing: not at a login, not by script, not for a change that
    requires a recent login. It stays stored, and counts again when the setting changes.
    """

    mode: str
    """Setting ``WEBAPP_PASSWORD_LOGIN``: ``on``, ``admins`` or ``off``."""

    @property
    def is_off(self) -> bool:
        """Whether nobody can log in with a password."""
        return self.mode == "off"

    @property
    def is_for_all(self) -> bool:
        return self.mode == "on"

    def counts_for(self, closure: Collection[str]) -> bool:
        """Whether users with these roles may log in with a password.

        Args:
            closure: all roles of a user.
        """
        return self.is_for_all or (self.mode == "admins" and administers_users(closure))

    def is_allowed_for(self, db: Session, user: User) -> bool:
        """Whether a user can log in with a password, if they have one."""
        return self.is_for_all or (not self.is_off and self.counts_for(roles.included_in(db, user.role)))

    def has_usable(self, db: Session, user: User) -> bool:
        """Whether a user has a password that they can log in with."""
        return (user.has_password or user.has_external_identity) and self.is_allowed_for(db, user)

    def condition(self, db: Session) -> ColumnElement[bool]:
        """``has_usable`` as a condition of a query of users."""
        has_one = or_(User.password_hash != "", User.known_elsewhere_as.is_not(None))
        if self.is_off:
            return false()
        return and_(has_one, true() if self.is_for_all else User.role.in_(roles.reaching(db, "admin")))


def count_locked_out(db: Session, user_ids: Select[Any], passwords: PasswordLoginPolicy) -> int:
    """How many of these users are enabled and can log in neither with a password nor with a passkey.

    Args:
        user_ids: a query of ids.
    """
    query = select(func.count()).select_from(User).where(User.id.in_(user_ids), User.disabled_at.is_(None))
    return db.scalar(query.where(~passwords.condition(db), User.id.not_in(passkeys.holders()))) or 0
