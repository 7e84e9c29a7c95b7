"""Who proves a password: our own table, or a provider that the settings name; and whose account that is."""

import time
from dataclasses import dataclass
from datetime import timedelta

from webapp.accounts import arrival, browsing
from webapp.accounts.identity import IdentityProvider, OurOwn
from webapp.accounts.models import User
from webapp.accounts.passwords import Passwords
from webapp.kernel.db import Database


@dataclass(frozen=True, slots=True)
class OurTable:
    """The provider that is always there."""

    database: Database
    passwords: Passwords

    def authenticate(self, identifier: str, password: str) -> OurOwn | None:
        with self.database.read() as db:
            user = browsing.named(db, identifier)
        is_right = self.passwords.verify(password, user.password_hash if user else None)
        return OurOwn(username=user.username, email=user.email, user=user) if user and is_right else None


@dataclass(frozen=True, slots=True)
class Identities:
    """What a login asks: one provider, and the account of whomever it knows."""

    database: Database
    provider: IdentityProvider
    least: timedelta = timedelta()
    """Whoever is refused waits at least so long, where the time would tell who was asked."""

    def owner(self, identifier: str, password: str) -> User | None:
        """The account behind a name and a password, made if its owner comes for the first time; none if disabled.

        Raises:
            Unreachable: the provider did not answer.
            NoPlace: it did, and this house can have no such account.
        """
        started = time.monotonic()
        user = self.known(identifier, password)
        if user is not None and user.disabled_at is None:
            return user
        if self.least:
            time.sleep(max(0.0, self.least.total_seconds() - (time.monotonic() - started)))
        return None

    def known(self, identifier: str, password: str) -> User | None:
        identity = self.provider.authenticate(identifier, password)
        if identity is None:
            return None
        if isinstance(identity, OurOwn):
            return identity.user
        with self.database.write() as db:
            return arrival.account_of(db, identity)
