"""Who proves a password: our own table, or a provider that the settings name; and whose account that is."""

from dataclasses import dataclass

from webapp.accounts import provisioning
from webapp.accounts.identity import IdentityProvider
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.core.db import Database


@dataclass(frozen=True, slots=True)
class Identities:
    """What a login asks: our table, and beside it at most one provider."""

    database: Database
    passwords: Passwords
    provider: IdentityProvider | None = None

    def owner(self, identifier: str, password: str, user: User | None) -> User | None:
        """The account behind a name and a password, made if its owner comes for the first time; none if disabled.

        Args:
            user: whoever has that name here.

        Raises:
            Unreachable: the provider did not answer.
            NoPlace: it did, and this site can have no such account.
        """
        owner = self.proven(identifier, password, user)
        return owner if owner is not None and owner.disabled_at is None else None

    def proven(self, identifier: str, password: str, user: User | None) -> User | None:
        # Our own accounts are compared here, whatever the provider knows: administrators can log in while it is
        # down, and no name there takes over one of ours.
        is_ours = user is not None and not user.is_known_elsewhere
        if self.provider is None or is_ours:
            is_right = self.passwords.verify(password, user.password_hash if user else None)
            return user if is_right else None
        identity = self.provider.authenticate(identifier, password)
        if identity is None:
            return None
        with self.database.write() as db:
            return provisioning.account_of(db, identity)
