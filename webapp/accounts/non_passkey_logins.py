"""NonPasskeyLogins: how users can log in besides passkeys: with passwords, and with identity providers."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.accounts.linked_logins import LinkedLogins
from webapp.accounts.models import User
from webapp.accounts.password_login_policy import PasswordLoginPolicy


@dataclass(frozen=True, slots=True)
class NonPasskeyLogins:
    passwords: PasswordLoginPolicy
    linked: LinkedLogins

    def has_one(self, db: Session, user: User) -> bool:
        """Whether a user can log in without a passkey."""
        return self.passwords.has_usable(db, user) or self.linked.usable(db, user.id) > 0
