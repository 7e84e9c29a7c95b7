"""PasswordAuthenticator: verify a password locally or with an identity provider, and find its account."""

from dataclasses import dataclass

from webapp.accounts import provisioning
from webapp.accounts.models import User
from webapp.accounts.password_backend import PasswordBackend
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database


@dataclass(frozen=True, slots=True)
class PasswordAuthenticator:
    """Verifies a password: of a local account by its hash, of any other by the identity provider, if there is one."""

    database: Database
    passwords: Passwords
    provider: PasswordBackend | None = None

    def authenticate(
        self,
        identifier: str,
        password: str,
        user: User | None,
        *,
        as_slow_as: str | None = None,
        may_ask_provider: bool = True,
    ) -> User | None:
        """The account of a name and password.

        Args:
            user: the local account with that name.
            as_slow_as: see ``Passwords.verify``.
            may_ask_provider: False: only the password of a local account can be right.

        Returns:
            The account, created at the first login of a provider's user; None if the password is wrong or it is
            disabled.

        Raises:
            Unreachable: the identity provider did not answer.
            NoAccountPossible: the password is right, but the account cannot be created here.
        """
        provider = self.provider if may_ask_provider else None
        found = self.verified_user(provider, identifier, password, user, as_slow_as)
        return found if found is not None and found.disabled_at is None and not found.is_service else None

    def verified_user(
        self,
        provider: PasswordBackend | None,
        identifier: str,
        password: str,
        user: User | None,
        as_slow_as: str | None,
    ) -> User | None:
        # Local accounts are verified here, whatever the provider knows: administrators can log in while it is down, and
        # no name there can take over a local account.
        is_local = user is not None and not user.has_external_identity
        if provider is None or is_local:
            is_right = self.passwords.verify(password, user.password_hash if user else None, as_slow_as=as_slow_as)
            return user if is_right else None
        identity = provider.authenticate(identifier, password)
        if identity is None:
            return None
        with self.database.write() as db:
            return provisioning.account_of(db, identity)
